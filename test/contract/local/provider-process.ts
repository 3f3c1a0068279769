/** The provider executable as the engine meets it: a process, its port, and calls over gRPC. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import type { Properties } from "../../../infra/provider/handler.ts";

export const executable = fileURLToPath(
  new URL("../../../infra/provider/pulumi-resource-bluegreen-core", import.meta.url),
);
const startMs = 10_000;

export interface Made {
  readonly id: string;
  readonly properties: Properties;
}

/** Carries what was half made, as the engine would keep it. */
export class RefusedCall extends Error {
  readonly made: Made | null;

  constructor(error: ServiceError) {
    super(error.details, { cause: error });
    this.made = halfMadeOf(error);
  }
}

/** Listens as an engine does; it is only called when something is logged, and answers nothing. */
export interface QuietEngine {
  readonly address: string;
  stop(): void;
}

export async function startQuietEngine(): Promise<QuietEngine> {
  const server = createServer((socket) => {
    // Whoever asks whether somebody is there goes at once.
    socket.on("error", () => socket.destroy()).unref();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, stop: () => server.close() };
}

export class ProviderProcess {
  readonly child: ChildProcess;
  readonly #engine: QuietEngine;
  readonly #client: services.ResourceProviderClient;

  private constructor(child: ChildProcess, port: string, engine: QuietEngine) {
    this.child = child;
    this.#engine = engine;
    const address = `127.0.0.1:${port}`;
    this.#client = new services.ResourceProviderClient(address, credentials.createInsecure());
  }

  static async start(): Promise<ProviderProcess> {
    const engine = await startQuietEngine();
    const child = spawn(executable, [engine.address], { stdio: ["ignore", "pipe", "inherit"] });
    return new ProviderProcess(child, await portOf(child), engine);
  }

  async create(type: string, inputs: Properties): Promise<Made> {
    const request = new messages.CreateRequest();
    request.setUrn(urnOf(type));
    request.setProperties(structOf(inputs));
    const reply = await called<messages.CreateResponse>((done) => {
      this.#client.create(request, done);
    });
    return { id: reply.getId(), properties: propertiesOf(reply.getProperties()) };
  }

  async update(type: string, former: Made, inputs: Properties): Promise<Made> {
    const request = new messages.UpdateRequest();
    request.setUrn(urnOf(type));
    request.setId(former.id);
    request.setOlds(structOf(former.properties));
    request.setNews(structOf(inputs));
    const reply = await called<messages.UpdateResponse>((done) => {
      this.#client.update(request, done);
    });
    return { id: former.id, properties: propertiesOf(reply.getProperties()) };
  }

  async differs(type: string, former: Made, inputs: Properties): Promise<boolean> {
    const request = new messages.DiffRequest();
    request.setUrn(urnOf(type));
    request.setId(former.id);
    request.setOlds(structOf(former.properties));
    request.setNews(structOf(inputs));
    const reply = await called<messages.DiffResponse>((done) => {
      this.#client.diff(request, done);
    });
    return reply.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME;
  }

  /** Null when the resource is gone. */
  async read(type: string, former: Made): Promise<Made | null> {
    const request = new messages.ReadRequest();
    request.setUrn(urnOf(type));
    request.setId(former.id);
    request.setProperties(structOf(former.properties));
    const reply = await called<messages.ReadResponse>((done) => {
      this.#client.read(request, done);
    });
    if (reply.getId() === "") return null;
    return { id: reply.getId(), properties: propertiesOf(reply.getProperties()) };
  }

  async delete(type: string, former: Made): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setUrn(urnOf(type));
    request.setId(former.id);
    request.setProperties(structOf(former.properties));
    await called((done) => {
      this.#client.delete(request, done);
    });
  }

  stop(): void {
    this.#client.close();
    this.#engine.stop();
    this.child.kill("SIGKILL");
  }
}

function urnOf(type: string): string {
  return `urn:pulumi:test::contract::bluegreen-core:local:Parent$${type}::name`;
}

function structOf(properties: Properties) {
  return struct.Struct.fromJavaScript(properties as Record<string, struct.JavaScriptValue>);
}

function propertiesOf(found: struct.Struct | undefined): Properties {
  return found?.toJavaScript() ?? {};
}

function called<T>(call: (done: (error: ServiceError | null, reply: T) => void) => void) {
  return new Promise<T>((resolve, reject) => {
    call((error, reply) => {
      if (error) reject(new RefusedCall(error));
      else resolve(reply);
    });
  });
}

function halfMadeOf(error: ServiceError): Made | null {
  const [details] = error.metadata.get("grpc-status-details-bin");
  if (details === undefined || typeof details === "string") return null;
  const [first] = status.Status.deserializeBinary(details).getDetailsList();
  if (!first) return null;
  const failed = messages.ErrorResourceInitFailed.deserializeBinary(first.getValue_asU8());
  return { id: failed.getId(), properties: propertiesOf(failed.getProperties()) };
}

/** The first line that the process prints. */
function portOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the provider gave no port within ${startMs} ms`));
    }, startMs);
    child.stdout?.setEncoding("utf8").once("data", (text: string) => {
      clearTimeout(timer);
      resolve(text.trim());
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`the provider ended with ${code ?? "a signal"}`));
    });
  });
}
