import { en } from "./en";
import { fr } from "./fr";

export type MessageKey = keyof typeof fr;
export type Messages = Record<MessageKey, string>;
export type Locale = "fr" | "en";
export type Values = Record<string, string | number>;

export const DICTIONARIES: Record<Locale, Messages> = { fr, en };

/** Put `values` in the `{name}` places of a sentence; a value that is missing leaves its place visible. */
export function fill(sentence: string, values: Values = {}): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

export function isMessageKey(key: string): key is MessageKey {
  return Object.hasOwn(fr, key);
}
