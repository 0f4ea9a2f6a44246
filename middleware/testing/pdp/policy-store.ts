import { PdpHost, type PdpHostOptions } from "./pdp-host.js";
import { getOverSocket } from "./socket-request.js";

/** The PDP's own default. Its socket is in a folder that no other user can enter. */
const ADMIN = "cerbos:cerbosAdmin";

/** @see https://docs.cerbos.dev/cerbos/latest/policies/schemas */
export interface SchemaReference {
  /** Such as `cerbos:///contact.json`. */
  readonly ref: string;
  readonly ignoreWhen?: { readonly actions?: readonly string[] };
}

/** What is read of a policy. @see https://docs.cerbos.dev/cerbos/latest/policies/ */
export interface Policy {
  readonly resourcePolicy?: {
    readonly resource: string;
    readonly scope?: string;
    readonly rules?: readonly { actions: readonly string[] }[];
    readonly schemas?: { readonly resourceSchema?: SchemaReference; readonly principalSchema?: SchemaReference };
  };
  readonly rolePolicy?: { readonly rules?: readonly { resource: string; allowActions: readonly string[] }[] };
  readonly principalPolicy?: {
    readonly rules?: readonly { resource: string; actions: readonly { action: string }[] }[];
  };
}

/** Which policies are read, and by which PDP. */
export type PolicyStoreOptions = Omit<PdpHostOptions, "config">;

/** What a PDP has read of its policy directory. */
export interface PolicyStore {
  policies(): Promise<readonly Policy[]>;
  /** A JSON schema, as text. @param id - its path in `_schemas` */
  schema(id: string): Promise<string>;
}

/**
 * Runs a PDP to read policies, so that they are understood as the PDP understands them, in YAML or JSON.
 *
 * @throws Error when it does not start, as `startPdp` does
 * @see https://docs.cerbos.dev/cerbos/latest/api/admin_api
 */
export async function inPolicyStore<T>(
  options: PolicyStoreOptions,
  read: (store: PolicyStore) => Promise<T>,
): Promise<T> {
  const host = await PdpHost.open({ ...options, config: undefined, settings: ["server.adminAPI.enabled=true"] });
  const run = host.launch();
  try {
    await host.untilServing(run);
    return await read({
      async policies() {
        const { policyIds = [] } = await readJson<{ policyIds?: readonly string[] }>(host, "/admin/policies");
        const answers = await Promise.all(
          policyIds.map((id) =>
            readJson<{ policies: readonly Policy[] }>(host, `/admin/policy?id=${encodeURIComponent(id)}`),
          ),
        );
        return answers.flatMap(({ policies }) => policies);
      },
      async schema(id) {
        const path = `/admin/schema?id=${encodeURIComponent(id)}`;
        const { schemas = [] } = await readJson<{ schemas?: readonly { definition: string }[] }>(host, path);
        const [found] = schemas;
        if (!found) throw new Error(`There is no schema ${id} among the policies.`);
        return Buffer.from(found.definition, "base64").toString();
      },
    });
  } finally {
    await host.close(run);
  }
}

async function readJson<T>(host: PdpHost, path: string): Promise<T> {
  const { status, body } = await getOverSocket(host.http, path, { auth: ADMIN });
  if (status !== 200) throw new Error(`The Cerbos PDP does not show its policies: ${status} ${body}`);
  return JSON.parse(body) as T;
}
