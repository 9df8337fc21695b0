import { Form, Input, InputNumber, Segmented, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { isJsonObject, type Json, type JsonObject } from '../../../api/sync-model.ts';
import { CronPresets, ZONES } from '../../../ui/cron-presets.tsx';
import formStyles from '../../../ui/form.module.css';
import { MomentInput } from '../../../ui/moment-input.tsx';
import { fieldId, useProblem } from '../../../ui/schema-form/context.ts';

const TYPES = ['manual', 'cron', 'interval', 'once'] as const;
const UNITS = { second: 1, minute: 60, hour: 3600, day: 86_400 } as const;
type Unit = keyof typeof UNITS;

/** What each type begins with. */
const FIRST: Record<(typeof TYPES)[number], JsonObject> = {
  manual: { type: 'manual' },
  cron: { type: 'cron', expression: '0 * * * *', timezone: 'UTC' },
  interval: { type: 'interval', seconds: 3600 },
  once: { type: 'once' },
};

interface EditorProps {
  readonly schedule: JsonObject;
  readonly onChange: (schedule: Json) => void;
}

const text = (value: Json | undefined) => (typeof value === 'string' ? value : '');

/** The problem of a field, or of the schedule as a whole where that is all the server says. */
function useItem(name: string) {
  const problem = useProblem(`schedule.${name}`);
  const whole = useProblem('schedule');
  const shown = problem ?? whole;
  return {
    htmlFor: fieldId(`schedule.${name}`),
    validateStatus: shown ? ('error' as const) : '',
    help: shown,
  } as const;
}

function CronFields({ schedule, onChange }: EditorProps) {
  const { t } = useTranslation();
  const expression = useItem('expression');
  const timezone = useItem('timezone');
  return (
    <div className={formStyles.row}>
      <Form.Item
        {...expression}
        label={t('sync.schedule.expression')}
        required
        extra={
          <>
            {t('sync.schedule.cronHint')}
            <CronPresets onChoose={(chosen) => onChange({ ...schedule, expression: chosen })} />
          </>
        }
      >
        <Input
          id={expression.htmlFor}
          className={formStyles.code ?? ''}
          spellCheck={false}
          autoComplete="off"
          value={text(schedule.expression)}
          onChange={(event) => onChange({ ...schedule, expression: event.target.value })}
        />
      </Form.Item>
      <Form.Item {...timezone} label={t('taskForm.timezone')}>
        <Select
          id={timezone.htmlFor}
          showSearch
          value={text(schedule.timezone) || 'UTC'}
          options={ZONES.map((value) => ({ value }))}
          onChange={(zone: string) => onChange({ ...schedule, timezone: zone })}
        />
      </Form.Item>
    </div>
  );
}

/** In the largest unit in which it is a whole number. */
function IntervalFields({ schedule, onChange }: EditorProps) {
  const { t } = useTranslation();
  const item = useItem('seconds');
  const seconds = typeof schedule.seconds === 'number' ? schedule.seconds : undefined;
  const units = Object.keys(UNITS) as Unit[];
  const unit = units.findLast((one) => seconds !== undefined && seconds % UNITS[one] === 0) ?? 'second';
  const set = (count: number | null, of: Unit) => {
    if (count !== null) onChange({ ...schedule, seconds: count * UNITS[of] });
  };
  return (
    <Form.Item {...item} label={t('sync.schedule.every')} required>
      <span className={formStyles.inline}>
        <InputNumber
          id={item.htmlFor}
          min={1}
          precision={0}
          value={seconds === undefined ? null : seconds / UNITS[unit]}
          onChange={(count) => set(count, unit)}
        />
        <Select<Unit>
          aria-label={t('sync.schedule.unit')}
          value={unit}
          options={units.map((value) => ({ value, label: t(`sync.schedule.units.${value}`) }))}
          onChange={(of) => set(seconds === undefined ? 1 : seconds / UNITS[unit], of)}
        />
      </span>
    </Form.Item>
  );
}

function OnceField({ schedule, onChange }: EditorProps) {
  const { t } = useTranslation();
  const item = useItem('at');
  return (
    <Form.Item {...item} label={t('sync.schedule.at')} required extra={t('sync.schedule.localTime')}>
      <MomentInput
        id={item.htmlFor}
        className={formStyles.moment ?? ''}
        value={text(schedule.at)}
        onChange={(at) => onChange({ ...schedule, ...(at === null ? {} : { at }) })}
      />
    </Form.Item>
  );
}

/** When a job runs. What is wrong with a cron expression the server says: it is the one that will read it. */
export function ScheduleEditor({ value, onChange }: { readonly value: Json | undefined; onChange(value: Json): void }) {
  const { t } = useTranslation();
  const schedule = isJsonObject(value) ? value : FIRST.manual;
  const type = TYPES.find((one) => one === schedule.type) ?? 'manual';
  const props = { schedule, onChange };
  return (
    <>
      <Form.Item label={t('sync.schedule.label')}>
        <Segmented
          aria-label={t('sync.schedule.label')}
          value={type}
          options={TYPES.map((one) => ({ value: one, label: t(`sync.schedule.types.${one}`) }))}
          onChange={(one) => onChange(FIRST[one])}
        />
      </Form.Item>
      {type === 'cron' && <CronFields {...props} />}
      {type === 'interval' && <IntervalFields {...props} />}
      {type === 'once' && <OnceField {...props} />}
    </>
  );
}
