/** A number as a person types it ("2,2996"); null for nothing typed, NaN for what is no number. */
export function numberOf(text: string): number | null {
  const bare = text.trim().replace(",", ".");
  return bare === "" ? null : Number(bare);
}

export const textOf = (value: number | string | null): string => (value === null ? "" : String(value));

/** The typed text, or null for none. */
export const orNull = (text: string): string | null => (text.trim() === "" ? null : text.trim());

/** The members of `after` that differ from `before`; undefined when none does. */
export function changed<T extends object>(before: T, after: T): Partial<T> | undefined {
  const found: Partial<T> = {};
  for (const key of Object.keys(after) as (keyof T)[]) {
    if (before[key] !== after[key]) found[key] = after[key];
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

/** Whether every number was one. */
export const readable = (values: (number | null)[]): boolean => values.every((value) => !Number.isNaN(value));
