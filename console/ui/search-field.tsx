import { SearchOutlined } from '@ant-design/icons';
import { Input } from 'antd';
import { useCallback, useEffect, useRef, useState } from 'react';
import styles from './filters.module.css';

/** How long somebody must pause in typing before the list follows, in milliseconds. */
const TYPING_PAUSE_MS = 250;

interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onSearch: (text: string) => void;
}

export function SearchField({ label, value, onSearch }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const asked = useRef(value);
  const ask = useCallback(
    (wanted: string) => {
      asked.current = wanted;
      onSearch(wanted);
    },
    [onSearch],
  );
  useEffect(() => {
    // What was asked for comes back as the value, perhaps while more is being typed: only another value replaces that.
    if (value !== asked.current) setText(value);
    asked.current = value;
  }, [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => ask(text), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, value, ask]);
  return (
    <Input
      className={styles.search ?? ''}
      type="search"
      allowClear
      prefix={<SearchOutlined aria-hidden />}
      placeholder={label}
      aria-label={label}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onPressEnter={() => ask(text)}
    />
  );
}
