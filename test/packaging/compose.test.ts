import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { readConfig, settingNames } from "../../app/config.js";
import { projectPath } from "../support/paths.js";
import { sharedStack } from "../support/stack/shared-stack.js";

const read = (file: string) => readFileSync(projectPath(file), "utf8");

const service = z.object({
  image: z.string().optional(),
  build: z.object({ context: z.string(), target: z.string() }).optional(),
  command: z.array(z.string()).default([]),
  user: z.string(),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }),
  network_mode: z.string().optional(),
});
const { services } = z
  .object({ services: z.object({ okta: service, cerbos: service, postgres: service, app: service }) })
  .parse(parse(read("docker-compose.yml")));
const { okta, cerbos, postgres, app } = services;
const pdp = z
  .object({
    server: z.object({ grpcListenAddr: z.string() }),
    storage: z.object({ disk: z.object({ directory: z.string() }) }),
  })
  .parse(parse(read("pdp/pdp.yaml")));
const dockerfile = read("Dockerfile");

describe("docker-compose.yml", () => {
  it("sets only variables that the config knows, and no service is left to the demo", () => {
    assert.deepEqual(
      Object.keys(app.environment).filter((name) => !settingNames.includes(name)),
      [],
    );
    const config = readConfig(app.environment);
    assert(config.okta && config.cerbos && config.databaseUrl);
  });

  it("gives the app and the identity provider the same client, base URL and issuer", () => {
    const { values } = parseArgs({
      args: okta.command,
      options: {
        port: { type: "string" },
        host: { type: "string" },
        "client-id": { type: "string" },
        "client-secret": { type: "string" },
        "app-base-url": { type: "string" },
        "require-pkce": { type: "boolean" },
      },
    });
    assert.equal(values["require-pkce"], true);
    assert.equal(app.environment.OKTA_CLIENT_ID, values["client-id"]);
    assert.equal(app.environment.OKTA_CLIENT_SECRET, values["client-secret"]);
    assert.equal(app.environment.APP_BASE_URL, values["app-base-url"]);
    assert.equal(app.environment.OKTA_ISSUER, `http://localhost:${values.port}/oauth2/default`);
  });

  it("makes the issuer's URL the same for the browser and for the app", () => {
    assert.equal(app.network_mode, "service:okta");
    const issuer = new URL(app.environment.OKTA_ISSUER ?? "");
    assert.equal(issuer.hostname, "localhost");
    assert(okta.ports.includes(`127.0.0.1:${issuer.port}:${issuer.port}`));
    const base = new URL(app.environment.APP_BASE_URL ?? "");
    assert(okta.ports.includes(`127.0.0.1:${base.port}:${app.environment.PORT}`));
  });

  it("runs the PDP that the tests run, with the policies and the configuration that they test, read-only", () => {
    const { version } = createRequire(import.meta.url)("cerbos/package.json") as { version: string };
    assert.equal(cerbos.image, `ghcr.io/cerbos/cerbos:${version}`);
    assert.deepEqual(cerbos.volumes, [`./policies:${pdp.storage.disk.directory}:ro`, "./pdp:/pdp:ro"]);
    assert(cerbos.command.includes("--config=/pdp/pdp.yaml"));
    assert(existsSync(projectPath("policies/contact.yaml")));
    assert.equal(app.environment.CERBOS_HOSTNAME, `cerbos${pdp.server.grpcListenAddr}`);
  });

  it("names the database as PostgreSQL's service does", () => {
    const url = new URL(app.environment.DATABASE_URL ?? "");
    assert.equal(url.hostname, "postgres");
    assert.equal(url.username, postgres.environment.POSTGRES_USER);
    assert.equal(url.pathname, `/${postgres.environment.POSTGRES_DB}`);
  });

  it("checks health at the path where the code answers", async function () {
    this.timeout(120_000);
    const stack = await sharedStack();
    const paths = [app, okta].map(({ healthcheck }) => /127\.0\.0\.1:(\d+)(\/\w+)/.exec(healthcheck.test.join(" ")));
    assert.equal(paths[0]?.[1], app.environment.PORT);
    const answer = await fetch(`${stack.url}${paths[0]?.[2]}`);
    assert.equal(answer.status, 200);
    const issuer = /"issuer":"(http:[^"]+)"/.exec(stack.output())?.[1];
    assert.equal(`:${paths[1]?.[1]}`, `:${new URL(app.environment.OKTA_ISSUER ?? "").port}`);
    const standIn = await fetch(new URL(paths[1]?.[2] ?? "", issuer));
    assert.equal(standIn.status, 200);
  });

  it("starts the app after everything that it needs is healthy, nothing as root, every image pinned", () => {
    for (const name of ["okta", "cerbos", "postgres"]) assert.equal(app.depends_on[name]?.condition, "service_healthy");
    for (const { user, image } of Object.values(services)) {
      assert.doesNotMatch(user, /^(root|0)\b/);
      if (image) assert.match(image, /:\d+\.\d+/);
    }
  });
});

describe("Dockerfile", () => {
  it("pins its base, does not run as root, and has production dependencies only", () => {
    const stages = dockerfile.split(/^FROM /m).slice(1);
    const last = stages.at(-1) ?? "";
    const [, major] = /^FROM node:(\d+)\.\d+\.\d+-/m.exec(dockerfile) ?? [];
    // Node.js 20 has had no security fixes since April 2026. Odd versions get no long-term support.
    assert(Number(major) >= 22 && Number(major) % 2 === 0, `Node.js ${major}`);
    assert.match(last, /AS app$/m);
    assert.match(last, /^USER node$/m);
    assert.match(last, /^COPY --from=production-dependencies /m);
    assert.match(stages.find((stage) => /AS production-dependencies$/m.test(stage)) ?? "", /npm ci --omit=dev/);
  });

  it("exposes and checks the port and path of the app, and knows the targets of docker-compose.yml", () => {
    const { port } = readConfig({});
    assert.match(dockerfile, new RegExp(`^EXPOSE ${port}$`, "m"));
    assert.match(dockerfile, new RegExp(`127\\.0\\.0\\.1:${port}/livez`));
    for (const { build } of [okta, app]) assert.match(dockerfile, new RegExp(`AS ${build?.target}$`, "m"));
  });
});

describe(".env.sample", () => {
  it("lists every setting, and no other", () => {
    const named = [...read(".env.sample").matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name);
    assert.deepEqual(named.toSorted(), settingNames.toSorted());
  });
});
