import { createRequire } from 'node:module';

/** The definitions that the driver ships, and the very gRPC and protobuf modules that it uses itself. */

type Grpc = typeof import('@grpc/grpc-js');
type Streams = typeof import('@eventstore/db-client/generated/streams_pb.js');
type Shared = typeof import('@eventstore/db-client/generated/shared_pb.js');
type StatusPb = typeof import('@eventstore/db-client/generated/status_pb.js');
type Gossip = typeof import('@eventstore/db-client/generated/gossip_pb.js');
type Features = typeof import('@eventstore/db-client/generated/serverfeatures_pb.js');
type Any = typeof import('google-protobuf/google/protobuf/any_pb.js');

const here = createRequire(import.meta.url);
const driver = createRequire(here.resolve('@eventstore/db-client'));
const generated = (name: string) => here(`@eventstore/db-client/generated/${name}.js`);

export const grpc: Grpc = driver('@grpc/grpc-js');
export const anyPb: Any = driver('google-protobuf/google/protobuf/any_pb.js');
export const streamsPb: Streams = generated('streams_pb');
export const sharedPb: Shared = generated('shared_pb');
export const statusPb: StatusPb = generated('status_pb');
export const gossipPb: Gossip = generated('gossip_pb');
export const featuresPb: Features = generated('serverfeatures_pb');
export const { StreamsService } = generated('streams_grpc_pb') as {
  StreamsService: import('@grpc/grpc-js').ServiceDefinition;
};
export const { GossipService } = generated('gossip_grpc_pb') as {
  GossipService: import('@grpc/grpc-js').ServiceDefinition;
};
export const { ServerFeaturesService } = generated('serverfeatures_grpc_pb') as {
  ServerFeaturesService: import('@grpc/grpc-js').ServiceDefinition;
};
