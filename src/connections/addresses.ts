import { BlockList, isIP } from 'node:net';

/** Why an address is not dialled. `never`: whatever is set; `private`: unless private addresses are allowed. */
export interface Objection {
  readonly scope: 'never' | 'private';
  readonly reason: string;
}

type Range = readonly [network: string, prefix: number, reason: string];

/** Where clouds tell a machine its own credentials, and what is no single machine at all. */
const NEVER: readonly Range[] = [
  ['169.254.0.0', 16, 'link-local, where clouds serve their metadata'],
  ['fe80::', 10, 'link-local'],
  ['100.100.100.200', 32, 'a cloud metadata service'],
  ['168.63.129.16', 32, 'a cloud metadata service'],
  ['192.0.0.192', 32, 'a cloud metadata service'],
  ['fd00:ec2::254', 128, 'a cloud metadata service'],
  ['fd20:ce::254', 128, 'a cloud metadata service'],
  ['0.0.0.0', 8, 'unspecified'],
  ['::', 128, 'unspecified'],
  ['224.0.0.0', 4, 'multicast'],
  ['ff00::', 8, 'multicast'],
  ['240.0.0.0', 4, 'reserved or broadcast'],
];

const PRIVATE: readonly Range[] = [
  ['127.0.0.0', 8, 'loopback'],
  ['10.0.0.0', 8, 'private'],
  ['172.16.0.0', 12, 'private'],
  ['192.168.0.0', 16, 'private'],
  ['100.64.0.0', 10, 'shared by a provider and its customers'],
  ['192.0.0.0', 24, 'reserved for protocols'],
  ['198.18.0.0', 15, 'reserved for benchmarks'],
  ['fc00::', 7, 'private'],
  ['fec0::', 10, 'private'],
];

/** Prefixes under which an IPv6 address carries an IPv4 one in its last 32 bits: mapped, compatible, NAT64. */
const CARRIERS = ['::ffff:', '::', '64:ff9b::', '64:ff9b:1::'];

interface Rule extends Objection {
  readonly members: BlockList;
}

function rule([network, prefix, reason]: Range, scope: Objection['scope']): Rule {
  const members = new BlockList();
  if (isIP(network) === 6) {
    members.addSubnet(network, prefix, 'ipv6');
    return { scope, reason, members };
  }
  members.addSubnet(network, prefix, 'ipv4');
  for (const carrier of CARRIERS) members.addSubnet(`${carrier}${network}`, 96 + prefix, 'ipv6');
  const [high = 0, low = 0, third = 0, fourth = 0] = network.split('.').map(Number);
  // 6to4 carries it behind its first 16 bits instead.
  const hex = (a: number, b: number) => (a * 256 + b).toString(16);
  members.addSubnet(`2002:${hex(high, low)}:${hex(third, fourth)}::`, 16 + prefix, 'ipv6');
  return { scope, reason, members };
}

const RULES = [
  // It lies within what carries 0.0.0.0/8, and has to be found first.
  rule(['::1', 128, 'loopback'], 'private'),
  ...NEVER.map((range) => rule(range, 'never')),
  ...PRIVATE.map((range) => rule(range, 'private')),
];

/** Names by which metadata services are reached, whatever they resolve to. */
const METADATA_NAMES = new Set(['metadata.google.internal', 'metadata.goog', 'metadata', 'instance-data']);

/** @param address an IPv4 or IPv6 literal, without brackets, with or without a zone */
export function objectionToAddress(address: string): Objection | undefined {
  const [bare = ''] = address.split('%');
  const family = isIP(bare);
  if (family === 0) return { scope: 'never', reason: 'not an IP address' };
  return RULES.find(({ members }) => members.check(bare, family === 6 ? 'ipv6' : 'ipv4'));
}

/** @param name a host name, as a URL gives it */
export function objectionToName(name: string): Objection | undefined {
  const bare = name.toLowerCase().replace(/\.$/, '');
  return METADATA_NAMES.has(bare) ? { scope: 'never', reason: 'a cloud metadata service' } : undefined;
}
