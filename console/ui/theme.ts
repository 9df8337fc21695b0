import { type ThemeConfig, theme } from 'antd';
import { useEffect, useSyncExternalStore } from 'react';

export const THEME_CHOICES = ['system', 'light', 'dark'] as const;
/** `system` follows the operating system, also when that changes while the page is open. */
export type ThemeChoice = (typeof THEME_CHOICES)[number];

const STORED = 'longshore.theme';
const systemDark = window.matchMedia('(prefers-color-scheme: dark)');
const stillness = window.matchMedia('(prefers-reduced-motion: reduce)');
const listeners = new Set<() => void>();

function themeChoice(): ThemeChoice {
  const stored = localStorage.getItem(STORED);
  return THEME_CHOICES.find((choice) => choice === stored) ?? 'system';
}

/** Takes effect at once and at the next visit. */
export function chooseTheme(choice: ThemeChoice): void {
  localStorage.setItem(STORED, choice);
  for (const listener of listeners) listener();
}

function isDark(): boolean {
  const choice = themeChoice();
  return choice === 'system' ? systemDark.matches : choice === 'dark';
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  systemDark.addEventListener('change', listener);
  stillness.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    stillness.removeEventListener('change', listener);
    systemDark.removeEventListener('change', listener);
  };
}

export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(subscribe, themeChoice);
}

const SANS =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif";
const MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', 'Noto Sans Mono CJK SC', monospace";

/** @returns antd's theme for the present choice; the page's own colours follow by `data-theme` */
export function useAntdTheme(): ThemeConfig {
  const dark = useSyncExternalStore(subscribe, isDark);
  const motion = useSyncExternalStore(subscribe, () => !stillness.matches);
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  }, [dark]);
  return {
    algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    // One fixed name, which index.html gives to the root: the page's own style sheets use antd's variables.
    cssVar: { key: 'longshore' },
    // There is one antd on the page, so its class names need no hash.
    hashed: false,
    token: {
      colorPrimary: dark ? '#2a9db0' : '#0b6e7f',
      colorLink: dark ? '#4fb9ca' : '#0b6e7f',
      // Derived from a colour this dark, antd's own would be grey.
      ...(dark ? {} : { colorPrimaryBg: '#e0f0f2', colorPrimaryBgHover: '#cfe7ea' }),
      colorBgLayout: dark ? '#0f1518' : '#f3f6f7',
      colorBgContainer: dark ? '#161e22' : '#ffffff',
      colorBgElevated: dark ? '#1d272c' : '#ffffff',
      borderRadius: 8,
      motion,
      fontFamily: SANS,
      fontFamilyCode: MONO,
    },
  };
}
