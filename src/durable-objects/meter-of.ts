import type { RealmMeter } from "./realm-meter.ts";

/** The object that counts what a realm uses. */
export const meterOf = (
  { METERS }: { readonly METERS: DurableObjectNamespace<RealmMeter> },
  realm: string,
): DurableObjectStub<RealmMeter> => METERS.get(METERS.idFromName(realm));
