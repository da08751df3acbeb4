import type { Messages } from "../translate";
import { cameras } from "./cameras";
import { common } from "./common";
import { incidents } from "./incidents";
import { live } from "./live";
import { partners } from "./partners";
import { register } from "./register";

export const en: Messages = { ...common, ...cameras, ...live, ...incidents, ...partners, ...register };
