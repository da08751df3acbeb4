import { cameras } from "./cameras";
import { common } from "./common";
import { incidents } from "./incidents";
import { live } from "./live";
import { partners } from "./partners";
import { register } from "./register";

/** Every sentence of the console, French first: `en` must have the same keys (checked by type and by test). */
export const fr = { ...common, ...cameras, ...live, ...incidents, ...partners, ...register } as const;
