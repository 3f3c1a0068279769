/**
 * Runs a Node.js program for the Pulumi engine: a `pulumi-language-nodejs` in one file that is
 * copied beside engines that came without one. It loads gRPC and the SDK from the program's folder.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fstatSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import type * as Grpc from "@grpc/grpc-js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import type * as EngineClient from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type * as EngineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import type * as LanguageService from "@pulumi/pulumi/proto/language_grpc_pb.js";
import type * as Messages from "@pulumi/pulumi/proto/language_pb.js";
import type * as PluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";

type Reply<T> = (error: Error | null, value?: T) => void;
type Call<T> = Grpc.ServerUnaryCall<T, unknown>;

/** The SDK's runner ends with this code after it has shown the error itself. */
const alreadyReported = 32;
/** The SDK's own limit for one message. */
const maxMessageBytes = 400 * 1024 * 1024;
const stopGraceMs = 2_000;

const sdk = loadSdkOrLeave();
const children = new Set<ChildProcess>();
let engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith("-")) ?? "";

function loadSdkOrLeave(): ReturnType<typeof loadSdk> {
  try {
    return loadSdk(process.cwd());
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

function loadSdk(folder: string) {
  const manifest = sdkManifest(folder);
  const load = createRequire(manifest);
  return {
    version: (load(manifest) as { version: string }).version,
    grpc: load("@grpc/grpc-js") as typeof Grpc,
    service: load("@pulumi/pulumi/proto/language_grpc_pb.js") as typeof LanguageService,
    messages: load("@pulumi/pulumi/proto/language_pb.js") as typeof Messages,
    plugin: load("@pulumi/pulumi/proto/plugin_pb.js") as typeof PluginMessages,
    engine: load("@pulumi/pulumi/proto/engine_grpc_pb.js") as typeof EngineClient,
    engineMessages: load("@pulumi/pulumi/proto/engine_pb.js") as typeof EngineMessages,
    empty: load("google-protobuf/google/protobuf/empty_pb.js") as { Empty: new () => object },
    struct: load("google-protobuf/google/protobuf/struct_pb.js") as { Struct: typeof Struct },
  };
}

function sdkManifest(folder: string): string {
  try {
    return createRequire(join(folder, "program.js")).resolve("@pulumi/pulumi/package.json");
  } catch (cause) {
    throw new Error(`@pulumi/pulumi isn't installed in ${folder}; run 'npm install' there`, {
      cause,
    });
  }
}

async function run(request: Messages.RunRequest): Promise<Messages.RunResponse> {
  const response = new sdk.messages.RunResponse();
  const ended = await runProgram(request);
  if (ended === alreadyReported) response.setBail(true);
  else if (typeof ended === "string") response.setError(`the program was ended by ${ended}`);
  else if (ended !== 0) response.setError(`the program ended with exit code ${ended}`);
  return response;
}

function runProgram(request: Messages.RunRequest): Promise<number | string> {
  const debug = request.getAttachDebugger();
  const child = spawn(process.execPath, programArguments(request), {
    cwd: request.getPwd(),
    env: { ...process.env, ...programEnvironment(request) },
    stdio: ["ignore", "inherit", debug ? "pipe" : "inherit"],
  });
  children.add(child);
  if (debug) announceDebugger(child);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      children.delete(child);
      resolve(code ?? signal ?? "an unknown signal");
    });
  });
}

function programArguments(request: Messages.RunRequest): string[] {
  const info = request.getInfo();
  const runner = join(dirname(sdkManifest(request.getPwd())), "cmd", "run");
  const flags: Record<string, string> = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info?.getRootDirectory() ?? "",
    stack: request.getStack(),
    pwd: request.getPwd(),
    parallel: String(request.getParallel()),
  };
  return [
    ...nodeArguments(request),
    runner,
    ...Object.entries(flags).flatMap(([name, value]) => (value === "" ? [] : [`--${name}`, value])),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    info?.getEntryPoint() ?? request.getProgram(),
    ...request.getArgsList(),
  ];
}

function nodeArguments(request: Messages.RunRequest): string[] {
  const { nodeargs } = runtimeOptions(request);
  const given = typeof nodeargs === "string" ? nodeargs.split(/\s+/).filter(Boolean) : [];
  return request.getAttachDebugger() ? [...given, "--inspect-brk=0"] : given;
}

function runtimeOptions(request: Messages.RunRequest): Record<string, unknown> {
  return request.getInfo()?.getOptions()?.toJavaScript() ?? {};
}

function programEnvironment(request: Messages.RunRequest): Record<string, string> {
  const { typescript } = runtimeOptions(request);
  return {
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    PULUMI_NODEJS_TYPESCRIPT: String(typescript !== false && typescript !== "false"),
  };
}

/** Tells the engine, once Node has chosen a port, where a debugger can attach. */
function announceDebugger(child: ChildProcess): void {
  let announced = false;
  child.stderr?.on("data", (chunk: Buffer) => {
    process.stderr.write(chunk);
    const port = /Debugger listening on ws:\/\/[^:]+:(\d+)\//.exec(chunk.toString())?.[1];
    if (port === undefined || announced) return;
    announced = true;
    const request = new sdk.engineMessages.StartDebuggingRequest();
    const attach = { name: "Pulumi program", type: "node", request: "attach", port: Number(port) };
    request.setConfig(sdk.struct.Struct.fromJavaScript(attach));
    request.setMessage(`on process ${child.pid ?? "?"}, port ${port}`);
    const client = new sdk.engine.EngineClient(
      engineAddress,
      sdk.grpc.credentials.createInsecure(),
    );
    client.startDebugging(request, (error) => {
      if (error !== null) process.stderr.write(`can't announce the debugger: ${error.message}\n`);
      client.close();
    });
  });
}

function stopChildren(): void {
  for (const child of children) {
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), stopGraceMs).unref();
  }
}

/** The engine is gone or wants us gone: no program may outlive it. */
function leave(): void {
  stopChildren();
  setInterval(() => {
    if (children.size === 0) process.exit(0);
  }, 20);
}

const handlers = {
  handshake: (call: Call<Messages.LanguageHandshakeRequest>, reply: Reply<unknown>) => {
    engineAddress = call.request.getEngineAddress();
    reply(null, new sdk.messages.LanguageHandshakeResponse());
  },
  getPluginInfo: (_call: unknown, reply: Reply<unknown>) => {
    const info = new sdk.plugin.PluginInfo();
    info.setVersion(sdk.version);
    reply(null, info);
  },
  getRequiredPackages: (_call: unknown, reply: Reply<unknown>) => {
    reply(null, new sdk.messages.GetRequiredPackagesResponse());
  },
  getRequiredPlugins: (_call: unknown, reply: Reply<unknown>) => {
    reply(null, new sdk.messages.GetRequiredPluginsResponse());
  },
  about: (_call: unknown, reply: Reply<unknown>) => {
    const about = new sdk.messages.AboutResponse();
    about.setExecutable(process.execPath);
    about.setVersion(process.version);
    reply(null, about);
  },
  run: (call: Call<Messages.RunRequest>, reply: Reply<unknown>) => {
    run(call.request).then(
      (response) => {
        reply(null, response);
      },
      (error: unknown) => {
        reply(error instanceof Error ? error : new Error(String(error)));
      },
    );
  },
  cancel: (_call: unknown, reply: Reply<unknown>) => {
    stopChildren();
    reply(null, new sdk.empty.Empty());
  },
};

const server = new sdk.grpc.Server({
  "grpc.max_receive_message_length": maxMessageBytes,
  "grpc.max_send_message_length": maxMessageBytes,
});
server.addService(sdk.service.LanguageRuntimeService, handlers);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, leave);
if (fstatSync(0).isFIFO()) process.stdin.resume().once("end", leave).once("error", leave);
server.bindAsync("127.0.0.1:0", sdk.grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
