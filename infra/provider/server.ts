/** Serves the project's own resources to an engine, over its protocol, on loopback. */

import { setTimeout as sleep } from "node:timers/promises";

import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { ServiceError, handleUnaryCall } from "@grpc/grpc-js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import { messageOf } from "../errors.ts";
import { withCallSignal } from "./call-signal.ts";
import type { Note, Properties } from "./handler.ts";
import type { Made } from "./provider.ts";
import { create, differs, HalfMadeResource, read, remove, update } from "./provider.ts";
import { providerVersion } from "./record-type.ts";

export interface ProviderServer {
  readonly port: number;
  /**
   * Takes no more calls. What a handler still works on was left by an engine that ended in the
   * middle: it is told so, and its end is waited for, in bounds, so that a second try finds none.
   */
  stop(): Promise<void>;
}

/** As Pulumi's own servers have it. */
const maxMessageBytes = 400 * 1024 * 1024;
const endMs = 5_000;

/** `note` takes what a handler has to say beside its result. */
export async function serveProvider(note: Note): Promise<ProviderServer> {
  const server = new Server({ "grpc.max_receive_message_length": maxMessageBytes });
  const calls = new Calls();
  const service = serviceOf(calls, note);
  server.addService(services.ResourceProviderService, service);
  const bound = Promise.withResolvers<number>();
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) bound.reject(error);
    else bound.resolve(port);
  });
  const port = await bound.promise;
  return {
    port,
    stop: async () => {
      server.forceShutdown();
      await calls.end();
    },
  };
}

/** Those that handlers work on. */
class Calls {
  readonly #left = new AbortController();
  readonly #pending = new Set<Promise<unknown>>();

  answering<Request, Response>(
    work: (request: Request) => Response | Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return ({ request }, reply) => {
      const working = withCallSignal(this.#left.signal, async () => work(request)).then(
        (response) => {
          reply(null, response);
        },
        (error: unknown) => {
          reply(refusal(error));
        },
      );
      this.#pending.add(working);
      void working.finally(() => this.#pending.delete(working));
    };
  }

  async end(): Promise<void> {
    if (this.#pending.size === 0) return;
    this.#left.abort();
    await Promise.race([Promise.all(this.#pending), sleep(endMs, null, { ref: false })]);
  }
}

function serviceOf(calls: Calls, note: Note) {
  const nothing = calls.answering(() => new empty.Empty());
  const unimplemented = calls.answering(() => {
    throw Object.assign(new Error("not needed"), { code: status.UNIMPLEMENTED });
  });
  return {
    attach: nothing,
    cancel: nothing,
    checkConfig: unimplemented,
    diffConfig: unimplemented,
    getPluginInfo: calls.answering(pluginInfo),
    configure: calls.answering(capabilities),
    check: calls.answering((request: messages.CheckRequest) => {
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diff: calls.answering((request: messages.DiffRequest) => {
      const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
      const response = new messages.DiffResponse();
      const changes = differs(propertiesOf(request.getOlds()), propertiesOf(request.getNews()));
      response.setChanges(changes ? DIFF_SOME : DIFF_NONE);
      return response;
    }),
    create: calls.answering(async (request: messages.CreateRequest) => {
      const made = await create(request.getUrn(), propertiesOf(request.getProperties()));
      const response = new messages.CreateResponse();
      response.setId(made.id);
      response.setProperties(structOf(made.properties));
      return response;
    }),
    update: calls.answering(async (request: messages.UpdateRequest) => {
      const [former, wanted] = [propertiesOf(request.getOlds()), propertiesOf(request.getNews())];
      const response = new messages.UpdateResponse();
      response.setProperties(structOf(await update(request.getUrn(), { former, wanted })));
      return response;
    }),
    delete: calls.answering(async (request: messages.DeleteRequest) => {
      await remove(request.getUrn(), propertiesOf(request.getProperties()), note);
      return new empty.Empty();
    }),
    read: calls.answering(async (request: messages.ReadRequest) => {
      const found = await read(request.getUrn(), propertiesOf(request.getProperties()));
      const response = new messages.ReadResponse();
      response.setId(found ? request.getId() : "");
      response.setProperties(structOf(found ?? {}));
      return response;
    }),
  };
}

function pluginInfo(): plugin.PluginInfo {
  const info = new plugin.PluginInfo();
  info.setVersion(providerVersion);
  return info;
}

function capabilities(): messages.ConfigureResponse {
  const response = new messages.ConfigureResponse();
  response.setAcceptsecrets(true);
  response.setAcceptresources(true);
  response.setAcceptoutputs(true);
  return response;
}

function propertiesOf(given: struct.Struct | undefined): Properties {
  return given?.toJavaScript() ?? {};
}

function structOf(properties: Properties): struct.Struct {
  return struct.Struct.fromJavaScript(properties as Record<string, struct.JavaScriptValue>);
}

/** Whole numbers are gRPC's codes; a system's word, such as ENOSPC, stands in the message. */
function refusal(error: unknown): Partial<ServiceError> {
  const message = messageOf(error);
  const given = error instanceof Error && "code" in error ? error.code : null;
  const code = Number.isInteger(given) ? (given as status) : status.UNKNOWN;
  if (!(error instanceof HalfMadeResource)) return { code, message };
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", halfMade(error.made, message));
  return { code, message, metadata };
}

/** The field in which gRPC carries data with an error; this data is Pulumi's. */
function halfMade({ id, properties }: Made, message: string): Buffer {
  const failed = new messages.ErrorResourceInitFailed();
  failed.setId(id);
  failed.setProperties(structOf(properties));
  failed.setReasonsList([message]);
  const detail = new any.Any();
  detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const response = new statusMessages.Status();
  response.setCode(status.UNKNOWN);
  response.setMessage(message);
  response.addDetails(detail);
  return Buffer.from(response.serializeBinary());
}
