import type { IncidentStatus } from "@/api/incident";

/** Steps a person may ask for by hand, as the incident service allows them; it alone decides. */
const NEXT: Record<IncidentStatus, IncidentStatus[]> = {
  NOUVEAU: ["LEVEE_DE_DOUTE"],
  LEVEE_DE_DOUTE: ["QUALIFIE", "INFONDE"],
  INFONDE: ["CLOS"],
  QUALIFIE: ["TRANSMIS"],
  TRANSMIS: ["PRIS_EN_CHARGE"],
  PRIS_EN_CHARGE: ["SUR_PLACE"],
  SUR_PLACE: ["CLOS"],
  CLOS: ["ROUVERT"],
  ROUVERT: ["LEVEE_DE_DOUTE", "QUALIFIE"],
};

export function nextSteps(status: IncidentStatus): IncidentStatus[] {
  return NEXT[status] ?? [];
}

/** Partners cannot be warned of an incident that was found unfounded or is closed. */
export function canTransmit(status: IncidentStatus): boolean {
  return status !== "INFONDE" && status !== "CLOS";
}
