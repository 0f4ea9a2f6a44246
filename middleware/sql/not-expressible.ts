/** Something cannot be said exactly. The translation makes an UnsupportedPlanError of it, which knows where. */
export class NotExpressible extends Error {
  /** The attribute that is in the way, where it is not the first of the operation. */
  readonly attribute: string | undefined;

  constructor(reason: string, attribute?: string) {
    super(reason);
    this.attribute = attribute;
  }
}
