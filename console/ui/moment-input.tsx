import { Input } from 'antd';
import type { ComponentProps } from 'react';

const MINUTE_MS = 60_000;

/** RFC 3339 → what a browser's own field for times takes: local, without a zone. */
function toLocal(value: string | null | undefined): string {
  if (!value) return '';
  const time = Date.parse(value);
  if (Number.isNaN(time)) return '';
  const offset = new Date(time).getTimezoneOffset() * MINUTE_MS;
  return new Date(time - offset).toISOString().slice(0, 19);
}

type InputProps = Omit<ComponentProps<typeof Input>, 'value' | 'onChange' | 'type'>;

interface MomentInputProps extends InputProps {
  /** RFC 3339; absent or null: none. */
  readonly value?: string | null;
  readonly onChange?: (value: string | null) => void;
}

/** A moment in the reader's time zone, to the second, by the browser's own means. */
export function MomentInput({ value, onChange, ...props }: MomentInputProps) {
  return (
    <Input
      {...props}
      type="datetime-local"
      step={1}
      value={toLocal(value)}
      onChange={({ target }) => {
        const time = Date.parse(target.value);
        onChange?.(Number.isNaN(time) ? null : new Date(time).toISOString());
      }}
    />
  );
}
