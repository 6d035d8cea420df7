import type { RealmMeter } from "./realm-meter.ts";

/** The binding by which the meters are reached. */
export interface MeterEnvironment {
  readonly METERS: DurableObjectNamespace<RealmMeter>;
}

/** The object that counts what a realm uses. */
export const meterOf = ({ METERS }: MeterEnvironment, realm: string): DurableObjectStub<RealmMeter> => METERS.get(METERS.idFromName(realm));
