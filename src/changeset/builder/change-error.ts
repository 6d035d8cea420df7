/** A change that cannot be written: a value that does not fit its field, a place that does not exist, a list of unknown size. */
export class ChangeError extends Error {
  override readonly name = "ChangeError";
  readonly code = "InvalidChange";
  /** Class, key, field and path, as text. */
  readonly place: string;
  readonly what: string;

  constructor(place: string, what: string) {
    super(`${place}: ${what}`);
    this.place = place;
    this.what = what;
  }
}
