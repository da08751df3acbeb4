import type { Agent, Deadline } from "@/api/agents";
import { parisToUtc } from "@/i18n/format";

/** The roles that an employer's people can hold; the server refuses the others. */
export const ROLES_OF_KIND: Record<string, string[]> = {
  collectivite: [
    "operateur",
    "chef_de_salle",
    "agent_relecture",
    "responsable_csu",
    "policier_municipal",
    "maire",
    "dpo",
    "technicien",
    "admin",
  ],
  police_municipale: [
    "policier_municipal",
    "operateur",
    "chef_de_salle",
    "agent_relecture",
    "responsable_csu",
  ],
  police_nationale: ["partenaire_pn"],
  gendarmerie: ["partenaire_gn"],
  douanes: [],
  sdis: ["partenaire_sdis"],
  association: ["partenaire_croix_rouge"],
  autorite: ["auditeur"],
};

/** "Good until the 31st" is a whole day in Paris: the paper ends with the first second of the next one. */
export function afterLastDay(day: string): string | null {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight)) return null;
  const next = new Date(midnight + 86_400_000).toISOString().slice(0, 10);
  return parisToUtc(`${next}T00:00`);
}

/** The last day on which a paper counts, from the instant at which it no longer does. */
export function lastDay(endsAt: string): Date {
  return new Date(new Date(endsAt).getTime() - 1);
}

/** Words that name an agent: everything typed must be found somewhere in them, accents aside. */
export function matches(agent: Agent, typed: string): boolean {
  const plain = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const words = plain(`${agent.agent_id} ${agent.name} ${agent.role} ${agent.organisation_name}`);
  return plain(typed)
    .split(/\s+/)
    .every((word) => words.includes(word));
}

/** The most urgent deadline of each agent. */
export function urgentByAgent(deadlines: Deadline[]): Map<string, Deadline> {
  const found = new Map<string, Deadline>();
  for (const one of deadlines) {
    const known = found.get(one.agent_id);
    if (!known || one.ends_at < known.ends_at) found.set(one.agent_id, one);
  }
  return found;
}
