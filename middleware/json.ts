/** A JSON value (RFC 8259), as policies see it. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** The attributes of a principal or a resource, as policies see them: `P.attr` and `R.attr`. */
export type Attributes = Readonly<Record<string, Value>>;

/**
 * `T` where all that is in it is JSON; `never` stands for what is not. An interface is no {@link Value} to the compiler, as it
 * has no index signature, so its members are looked at one by one. Members that are optional may be left out.
 */
export type Json<T> = T extends Value
  ? T
  : T extends (...args: never) => unknown
    ? never
    : T extends object
      ? JsonObject<T>
      : never;

/** The same for an object, such as the attributes of a principal or a resource. */
export type JsonObject<T> = { readonly [K in keyof T]: Json<T[K]> };
