import type { Messages } from "../translate";
import { agents } from "./agents";
import { alarms } from "./alarms";
import { arretes } from "./arretes";
import { cameras } from "./cameras";
import { common } from "./common";
import { fleet } from "./fleet";
import { health } from "./health";
import { imports } from "./imports";
import { incidents } from "./incidents";
import { live } from "./live";
import { masks } from "./masks";
import { partners } from "./partners";
import { planning } from "./planning";
import { ptz } from "./ptz";
import { recording } from "./recording";
import { register } from "./register";
import { replay } from "./replay";
import { rights } from "./rights";
import { rondes } from "./rondes";
import { wall } from "./wall";

export const en: Messages = {
  ...common,
  ...masks,
  ...agents,
  ...alarms,
  ...arretes,
  ...cameras,
  ...fleet,
  ...health,
  ...live,
  ...imports,
  ...incidents,
  ...partners,
  ...planning,
  ...ptz,
  ...recording,
  ...register,
  ...replay,
  ...rights,
  ...rondes,
  ...wall,
};
