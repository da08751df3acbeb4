import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { DICTIONARIES, fill, isMessageKey, type Locale, type MessageKey, type Values } from "./translate";

const STORED = "vigie.locale";

export interface I18n {
  locale: Locale;
  setLocale: (locale: Locale) => void;
  t: (key: MessageKey, values?: Values) => string;
  /** For a word of the server (a status, a role): its sentence, or the word itself when we know none. */
  word: (prefix: string, value: string) => string;
}

const Context = createContext<I18n | null>(null);

export function I18nProvider({ children }: { children: ReactNode }) {
  const [locale, setStoredLocale] = useState<Locale>(() =>
    localStorage.getItem(STORED) === "en" ? "en" : "fr",
  );
  const setLocale = useCallback((next: Locale) => {
    localStorage.setItem(STORED, next);
    setStoredLocale(next);
  }, []);
  useEffect(() => {
    document.documentElement.lang = locale;
  }, [locale]);
  const value = useMemo<I18n>(() => {
    const t = (key: MessageKey, values?: Values) => fill(DICTIONARIES[locale][key], values);
    const word = (prefix: string, raw: string) => {
      const key = `${prefix}.${raw}`;
      return isMessageKey(key) ? t(key) : raw;
    };
    return { locale, setLocale, t, word };
  }, [locale, setLocale]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useI18n(): I18n {
  const value = useContext(Context);
  if (!value) throw new Error("useI18n outside of I18nProvider");
  return value;
}
