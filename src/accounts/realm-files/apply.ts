import type { Accounts } from "../accounts.ts";
import { defaultEntity, defaultEntityName } from "../entities/default-entity.ts";
import { compileEntity, entityDefinition, type EntityDefinition } from "../entities/model.ts";
import { findKeyConflicts, rebuildKeys } from "../entities/rebuild-keys.ts";
import type { Realm } from "../repositories/realms.ts";
import { realmSettings } from "../settings.ts";
import { readRealmFiles, type WantedRealm } from "./check.ts";
import type { Diagnostic, RealmFile } from "./diagnostic.ts";
import { describeStep, planRealmFiles, type CurrentRealm, type Step } from "./plan.ts";

export interface AppliedStep {
  readonly kind: Step["kind"];
  readonly realm: string;
  /** The step in one line. */
  readonly text: string;
}

export type ApplyResult =
  | { readonly ok: true; readonly steps: readonly AppliedStep[]; readonly applied: boolean }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const readEntity = async (accounts: Accounts, realm: Realm): Promise<EntityDefinition> => {
  const row = await accounts.inRealm(realm.name).entities.find(realm.entity);
  return row === undefined ? { ...defaultEntity, name: realm.entity } : entityDefinition.parse(row.definition);
};

const readCurrent = async (accounts: Accounts, realm: Realm): Promise<CurrentRealm> => {
  const providers = await accounts.inRealm(realm.name).providers.list();
  const on = new Map(providers.filter(({ disabled }) => !disabled).map(({ type, config }) => [type, config]));
  // Signing in with a password is on until somebody says otherwise.
  if (!providers.some(({ type }) => type === "local-userpass")) on.set("local-userpass", {});
  return {
    name: realm.name,
    isDefault: realm.isDefault,
    active: realm.active,
    entity: await readEntity(accounts, realm),
    providers: on,
    settings: realm.settings,
  };
};

const freshRealm: Omit<CurrentRealm, "name"> = {
  isDefault: false,
  active: false,
  entity: { ...defaultEntity, name: defaultEntityName },
  providers: new Map([["local-userpass", {}]]),
  settings: realmSettings.parse({}),
};

const carryOut = async (accounts: Accounts, step: Step): Promise<void> => {
  const { realm } = step;
  const handle = accounts.inRealm(realm);
  switch (step.kind) {
    case "create realm":
      if ((await accounts.realms.create({ name: realm, active: false })) === undefined) throw new Error(`the name ${realm} is taken`);
      return;
    case "set entity":
      await handle.entities.set(step.entity.name, step.entity);
      await accounts.realms.update(realm, { entity: step.entity.name });
      await rebuildKeys(accounts, realm, compileEntity(step.entity));
      return;
    case "set provider":
      await handle.providers.set(step.type, { disabled: false, ...(step.config === undefined ? {} : { config: step.config }) });
      return;
    case "disable provider":
      await handle.providers.set(step.type, { disabled: true });
      return;
    case "change settings":
      await accounts.realms.update(realm, { settings: step.settings });
      return;
    case "activate":
      await accounts.realms.update(realm, { active: true });
      return;
    case "deactivate":
      await accounts.realms.update(realm, { active: false });
      return;
    case "make default":
      await accounts.realms.makeDefault(realm);
      return;
  }
};

const plan = async (accounts: Accounts, wanted: readonly WantedRealm[]): Promise<readonly Step[]> => {
  const names = new Set<string>(wanted.map(({ name }) => name));
  const stored = (await accounts.realms.list()).filter(({ name }) => names.has(name));
  const current: CurrentRealm[] = [];
  for (const realm of stored) current.push(await readCurrent(accounts, realm));
  return planRealmFiles(current, wanted, freshRealm);
};

/** Stored users who would not be unique under a changed entity, told at their realm. */
const findUnfitUsers = async (
  accounts: Accounts,
  wanted: readonly WantedRealm[],
  steps: readonly Step[],
): Promise<readonly Diagnostic[]> => {
  const diagnostics: Diagnostic[] = [];
  for (const step of steps) {
    const at = wanted.find(({ name }) => name === step.realm)?.at;
    if (step.kind !== "set entity" || at === undefined) continue;
    for (const { field, userIds } of await findKeyConflicts(accounts, step.realm, compileEntity(step.entity))) {
      const message = `the users ${userIds.join(" and ")} of the realm ${step.realm} have the same value in the field ${field}`;
      diagnostics.push({ ...at, code: "STORED_USERS", message });
    }
  }
  return diagnostics;
};

/**
 * Brings the store to what realm files want. Nothing is changed when a file is wrong. Each step leaves a working store behind: when a fault
 * ends the work half-way, doing it again carries it on, and once done, doing it again does nothing.
 * @param dryRun only says what would be done
 * @param actor whom the audit log names
 */
export const applyRealmFiles = async (
  accounts: Accounts,
  files: readonly RealmFile[],
  { dryRun, actor }: { readonly dryRun: boolean; readonly actor: string },
): Promise<ApplyResult> => {
  const read = readRealmFiles(files);
  if (!read.ok) return read;
  const steps = await plan(accounts, read.realms);
  const diagnostics = await findUnfitUsers(accounts, read.realms, steps);
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const described = steps.map((step): AppliedStep => ({ kind: step.kind, realm: step.realm, text: describeStep(step) }));
  if (dryRun) return { ok: true, steps: described, applied: false };
  for (const step of steps) {
    await carryOut(accounts, step);
    await accounts
      .inRealm(step.realm)
      .audit.append({ actor, action: "realm-files.apply", target: step.realm, detail: { step: describeStep(step) } });
  }
  return { ok: true, steps: described, applied: true };
};
