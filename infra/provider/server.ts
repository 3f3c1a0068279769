/** Serves the project's own resources to an engine, over its protocol, on loopback. */

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
import type { Note, Properties } from "./handler.ts";
import type { Made } from "./provider.ts";
import { create, differs, HalfMadeResource, read, remove, update } from "./provider.ts";
import { providerVersion } from "./record-type.ts";

export interface ProviderServer {
  readonly port: number;
  /** Ends it at once; what a handler has begun goes on to its end. */
  stop(): void;
}

/** `note` takes what a handler has to say beside its result. */
export async function serveProvider(note: Note): Promise<ProviderServer> {
  const server = new Server();
  server.addService(services.ResourceProviderService, {
    ...service,
    delete: answering(async (request: messages.DeleteRequest) => {
      await remove(request.getUrn(), propertiesOf(request.getProperties()), note);
      return nothing();
    }),
  });
  const bound = Promise.withResolvers<number>();
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) bound.reject(error);
    else bound.resolve(port);
  });
  const port = await bound.promise;
  return {
    port,
    stop: () => {
      server.forceShutdown();
    },
  };
}

const nothing = (): Promise<empty.Empty> => Promise.resolve(new empty.Empty());
const unimplemented = (): Promise<never> =>
  Promise.reject(Object.assign(new Error("not needed"), { code: status.UNIMPLEMENTED }));

const service = {
  attach: answering(nothing),
  cancel: answering(nothing),
  checkConfig: answering(unimplemented),
  diffConfig: answering(unimplemented),
  getPluginInfo: answering(() => {
    const info = new plugin.PluginInfo();
    info.setVersion(providerVersion);
    return Promise.resolve(info);
  }),
  configure: answering(() => {
    const response = new messages.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setAcceptresources(true);
    response.setAcceptoutputs(true);
    return Promise.resolve(response);
  }),
  check: answering((request: messages.CheckRequest) => {
    const response = new messages.CheckResponse();
    response.setInputs(request.getNews());
    return Promise.resolve(response);
  }),
  diff: answering((request: messages.DiffRequest) => {
    const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
    const response = new messages.DiffResponse();
    const changes = differs(propertiesOf(request.getOlds()), propertiesOf(request.getNews()));
    response.setChanges(changes ? DIFF_SOME : DIFF_NONE);
    return Promise.resolve(response);
  }),
  create: answering(async (request: messages.CreateRequest) => {
    const made = await create(request.getUrn(), propertiesOf(request.getProperties()));
    const response = new messages.CreateResponse();
    response.setId(made.id);
    response.setProperties(structOf(made.properties));
    return response;
  }),
  update: answering(async (request: messages.UpdateRequest) => {
    const [former, wanted] = [propertiesOf(request.getOlds()), propertiesOf(request.getNews())];
    const response = new messages.UpdateResponse();
    response.setProperties(structOf(await update(request.getUrn(), { former, wanted })));
    return response;
  }),
  read: answering(async (request: messages.ReadRequest) => {
    const found = await read(request.getUrn(), propertiesOf(request.getProperties()));
    const response = new messages.ReadResponse();
    response.setId(found ? request.getId() : "");
    response.setProperties(structOf(found ?? {}));
    return response;
  }),
};

function answering<Request, Response>(
  work: (request: Request) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return ({ request }, reply) => {
    work(request).then(
      (response) => {
        reply(null, response);
      },
      (error: unknown) => {
        reply(refusal(error));
      },
    );
  };
}

function propertiesOf(given: struct.Struct | undefined): Properties {
  return given?.toJavaScript() ?? {};
}

function structOf(properties: Properties): struct.Struct {
  return struct.Struct.fromJavaScript(properties as Record<string, struct.JavaScriptValue>);
}

function refusal(error: unknown): Partial<ServiceError> {
  const message = messageOf(error);
  const { code = status.UNKNOWN } = error as Partial<ServiceError>;
  if (!(error instanceof HalfMadeResource)) return { code, details: message };
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", halfMade(error.made, message));
  return { code, details: message, metadata };
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
