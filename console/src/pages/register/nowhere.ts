/** Commune code of a row that concerns no commune. */
export const NOWHERE = "00000";
