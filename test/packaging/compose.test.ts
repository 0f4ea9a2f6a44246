import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { readConfig, settingNames } from "../../app/config.js";
import { cerbosBinary } from "../../middleware/testing/pdp/index.js";
import { freePort } from "../support/network/free-port.js";
import { projectPath } from "../support/paths.js";
import { sharedStack } from "../support/stack/shared-stack.js";
import { useTemporaryFolder } from "../support/temporary-folder.js";
import { until } from "../support/until.js";

const run = promisify(execFile);
const read = (file: string) => readFileSync(projectPath(file), "utf8");

/** A compose file, with its anchors, and with variables as they are when none is set. */
function compose(file: string): unknown {
  return parse(read(file).replace(/\$\{\w+:-([^}]*)\}/g, "$1"), { merge: true });
}

const service = z.object({
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal("ALL")]),
  security_opt: z.tuple([z.literal("no-new-privileges:true")]),
  pids_limit: z.number(),
  mem_limit: z.string(),
  cpus: z.number(),
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
  .parse(compose("docker-compose.yml"));
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

  it("gives the app and the identity provider the same client, base URL, issuer, API token and hook", () => {
    const { values } = parseArgs({
      args: okta.command,
      options: {
        port: { type: "string" },
        host: { type: "string" },
        "client-id": { type: "string" },
        "client-secret": { type: "string" },
        "app-base-url": { type: "string" },
        "require-pkce": { type: "boolean" },
        "api-token": { type: "string" },
        "hook-url": { type: "string" },
        "hook-secret": { type: "string" },
      },
    });
    assert.equal(values["require-pkce"], true);
    assert.equal(app.environment.OKTA_CLIENT_ID, values["client-id"]);
    assert.equal(app.environment.OKTA_API_TOKEN, values["api-token"]);
    assert.equal(app.environment.OKTA_HOOK_SECRET, values["hook-secret"]);
    assert.equal(`${app.environment.APP_BASE_URL}/okta/events`, values["hook-url"]);
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
    assert.equal(url.password, postgres.environment.POSTGRES_PASSWORD);
    assert.equal(postgres.environment.POSTGRES_HOST_AUTH_METHOD, undefined);
    assert.deepEqual(postgres.ports, []);
  });

  it("checks health at the path where the code answers", async function () {
    this.timeout(300_000);
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

describe("docker-compose.production.yml", () => {
  const { services } = z
    .object({ services: z.object({ cerbos: service, app: service }) })
    .parse(compose("docker-compose.production.yml"));
  const { cerbos: pdpService, app: productionApp } = services;

  it("is in production mode, and has settings that production accepts once the required ones are there", () => {
    const given: Readonly<Record<string, string>> = {
      APP_BASE_URL: "https://crm.example.com",
      OKTA_ISSUER: "https://example.okta.com/oauth2/default",
      OKTA_CLIENT_ID: "client",
      OKTA_CLIENT_SECRET: randomBytes(16).toString("hex"),
      OKTA_API_SCOPE: "contacts",
      DATABASE_URL: "postgres://crm:password@db.internal/crm",
      SESSION_SECRET: randomBytes(32).toString("hex"),
    };
    const { NODE_EXTRA_CA_CERTS, ...settings } = productionApp.environment;
    assert.deepEqual(
      Object.keys(settings).filter((name) => !settingNames.includes(name)),
      [],
    );
    const required = Object.entries(settings).filter(([, value]) => value.includes(":?"));
    for (const [name, value] of required) assert.match(value, new RegExp(`^\\$\\{${name}:\\?[^}]+\\}$`));
    const config = readConfig({ ...settings, ...given });
    assert(config.production && config.okta && config.cerbos?.tls && config.databaseUrl);
    assert.equal(NODE_EXTRA_CA_CERTS, "/tls/ca.crt");
  });

  it("has the services of docker-compose.yml, but for what differs", () => {
    assert.equal(pdpService.image, cerbos.image);
    assert.equal(pdpService.user, cerbos.user);
    assert.deepEqual(pdpService.volumes, [...cerbos.volumes, "./tls:/tls:ro"]);
    assert.deepEqual(productionApp.build, app.build);
    assert.deepEqual(productionApp.ports, ["127.0.0.1:8080:8080"]);
    assert.deepEqual(productionApp.healthcheck.test, app.healthcheck.test);
  });

  const folder = useTemporaryFolder();

  it("encrypts the way to the PDP, by certificates that the documentation's commands make", async function () {
    this.timeout(180_000);
    const commands = /^mkdir -p tls\n[\s\S]*?(?=^```)/m.exec(read("docs/deploy.md"))?.[0] ?? "";
    await run("bash", ["-euc", commands], { cwd: folder.path });
    const tls = join(folder.path, "tls");
    const authority = join(tls, "ca.crt");
    const port = await freePort();
    const inContainer = pdpService.command.map((argument) =>
      argument.replace("=/pdp/", `=${projectPath("pdp")}/`).replace("=/tls/", `=${tls}/`),
    );
    const here = [
      `--set=storage.disk.directory=${projectPath("policies")}`,
      `--set=server.grpcListenAddr=127.0.0.1:${port}`,
      "--set=server.httpListenAddr=127.0.0.1:0",
    ];
    const script = `
      import { cerbos } from "./middleware/index.ts";
      const pdp = cerbos("localhost:${port}", { tls: true, deadline: 5_000 });
      console.log(await pdp.ping().then(() => "answers", () => "refused"));
      pdp.close();`;
    const ask = async (env: Record<string, string>) => {
      const node = ["--import", "tsx", "--input-type=module", "--eval", script];
      return (await run(process.execPath, node, { cwd: projectPath("."), env: { PATH: process.env.PATH, ...env } }))
        .stdout;
    };
    const child = spawn(cerbosBinary(), [...inContainer, ...here], { stdio: "ignore" });
    try {
      const health = ["healthcheck", `--host-port=localhost:${port}`, `--ca-cert=${authority}`];
      const isHealthy = () =>
        run(cerbosBinary(), health).then(
          () => true,
          () => false,
        );
      await until(isHealthy, 30_000, "the PDP answers its health check");
      assert.equal(await ask({ NODE_EXTRA_CA_CERTS: authority }), "answers\n");
      assert.equal(await ask({}), "refused\n");
    } finally {
      child.kill();
      await once(child, "exit");
    }
  });
});

describe("npm run sbom", () => {
  it("lists what the app runs on, in CycloneDX, and marks what is for development", async function () {
    this.timeout(180_000);
    const { stdout } = await run("npm", ["run", "-s", "sbom"], { cwd: projectPath("."), maxBuffer: 64 * 1024 * 1024 });
    const component = z.object({ name: z.string(), properties: z.array(z.object({ name: z.string() })).default([]) });
    const { components } = z
      .object({ bomFormat: z.literal("CycloneDX"), components: z.array(component) })
      .parse(JSON.parse(stdout));
    const markOf = (name: string) => components.find((each) => each.name === name)?.properties.map((each) => each.name);
    const { dependencies } = JSON.parse(read("package.json"));
    for (const name of Object.keys(dependencies)) assert.deepEqual(markOf(name), [], name);
    assert.deepEqual(markOf("mocha"), ["cdx:npm:package:development"]);
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
