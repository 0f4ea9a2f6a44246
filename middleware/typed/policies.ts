import type { Attributes, Json } from "../json.js";
import type { PolicyChoice, Principal, Resource } from "../types.js";

declare global {
  /** What an app declares of its policies, so that the compiler knows them. See docs/types.md. */
  namespace Authz {
    /**
     * By kind, the actions that policies have for it, with the attributes that they look at. Without any kind, every kind and
     * action is a string. An app adds its own:
     *
     *     declare global {
     *       namespace Authz {
     *         interface Policies {
     *           invoice: Record<"read" | "approve", { ownerId: string }>;
     *         }
     *       }
     *     }
     */
    interface Policies {}
    /** What principals have: the member `attributes`, as `{ department: string }`. Without it, any attributes. */
    interface Principals {}
  }
}

type Policies = Authz.Policies;

/** `Yes` where an interface has members, `No` where the app has declared none. */
type IfDeclared<Interface, Yes, No> = [keyof Interface] extends [never] ? No : Yes;

/** A kind that is declared. */
export type Kind = IfDeclared<Policies, keyof Policies & string, string>;

/** An action that is declared for a kind; for several kinds, one that all of them have. */
export type Action<K extends Kind = Kind> = IfDeclared<Policies, keyof Policies[K & keyof Policies] & string, string>;

/** The attributes that a resource needs for an action; for several actions, those that all of them need. */
export type AttributesOf<K extends Kind, A extends Action<K> = Action<K>> = IfDeclared<
  Policies,
  ReadonlyAll<AllOf<Policies[K & keyof Policies], A>>,
  Attributes
>;

/** What only reads `T`, at every depth: who declares an array need not say so. */
type ReadonlyAll<T> = T extends object ? { readonly [K in keyof T]: ReadonlyAll<T[K]> } : T;

/** The types of several members, all at once. */
type AllOf<T, Name> = (Name extends keyof T ? (each: T[Name]) => void : never) extends (each: infer All) => void
  ? All
  : never;

/** A member `attr`, which may be left out where no attribute is required. @typeParam Any - what it is where any will do */
// biome-ignore lint/complexity/noBannedTypes: an object without members
type WithAttributes<A, Any> = {} extends A
  ? { readonly attr?: (keyof A extends never ? Any : string extends keyof A ? Any : A) | undefined }
  : { readonly attr: A };

type ResourceWith<K extends Kind, A extends Action<K>, Any> = PolicyChoice & { readonly id: string } & WithAttributes<
    AttributesOf<K, A>,
    Any
  >;

type PrincipalWith<Any> = Omit<Principal, "attr"> &
  WithAttributes<Authz.Principals extends { attributes: infer A } ? ReadonlyAll<A> : Attributes, Any>;

/** A resource as the declared policies need it for an action, or for each of several; default: for every action. */
export type DeclaredResource<K extends Kind, A extends Action<K> = Action<K>> = { readonly kind: K } & ResourceWith<
  K,
  A,
  Attributes
>;

/** A principal with the declared attributes. */
export type DeclaredPrincipal = PrincipalWith<Attributes>;

/** Whether an action needs attributes, so that it cannot be asked about a kind as a whole. */
export type NeedsAttributes<K extends Kind, A extends Action<K>> =
  // biome-ignore lint/complexity/noBannedTypes: an object without members
  {} extends AttributesOf<K, A> ? false : true;

/** What makes `T` JSON: its attributes may be of an interface, which has no index signature. */
type WithJson<T> = T extends { readonly attr?: infer A }
  ? { readonly attr?: Json<NonNullable<A>> | undefined }
  : unknown;

/** A resource with a kind that is declared. */
export interface AnyResource extends Resource<object> {
  readonly kind: Kind;
}

/** `T`, where it is a resource that the PDP can be asked about. */
export type AskedResource<T, K extends Kind, A extends Action<K>> = T & WithJson<T> & ResourceWith<K, A, object>;

/** The same of a resource that says its kind. */
export type AskedKindedResource<R extends AnyResource, A> = R extends AnyResource
  ? AskedResource<R, R["kind"], A & Action<R["kind"]>>
  : never;

/** `T`, where it is a principal that the PDP can be asked about. */
export type AskedPrincipal<T> = T & WithJson<T> & PrincipalWith<object>;
