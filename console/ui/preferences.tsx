import { BulbFilled, BulbOutlined, DesktopOutlined, GlobalOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { changeLanguage, LANGUAGES, useLanguage } from '../i18n/i18n.ts';
import { chooseTheme, THEME_CHOICES, type ThemeChoice, useThemeChoice } from './theme.ts';

const ICONS: Record<ThemeChoice, React.ReactNode> = {
  system: <DesktopOutlined aria-hidden />,
  light: <BulbOutlined aria-hidden />,
  dark: <BulbFilled aria-hidden />,
};

/** Language and colours: each button names what is, and goes on to the next. */
export function Preferences() {
  const { t } = useTranslation();
  const language = useLanguage();
  const theme = useThemeChoice();
  const otherLanguage = language === 'en' ? 'zh-CN' : 'en';
  const nextTheme = THEME_CHOICES[(THEME_CHOICES.indexOf(theme) + 1) % THEME_CHOICES.length] ?? 'system';
  const themeLabel = `${t('shell.theme.label')}: ${t(`shell.theme.${theme}`)}`;
  return (
    <>
      <Button
        type="text"
        icon={<GlobalOutlined aria-hidden />}
        lang={otherLanguage}
        onClick={() => void changeLanguage(otherLanguage)}
      >
        {LANGUAGES[otherLanguage]}
      </Button>
      <Button
        type="text"
        icon={ICONS[theme]}
        title={themeLabel}
        aria-label={themeLabel}
        onClick={() => chooseTheme(nextTheme)}
      />
    </>
  );
}
