import { Type } from 'typebox';
import type { App } from '../../../http/area.ts';
import { Connector } from '../executor/spec/connectors.ts';
import { DestinationSpec } from '../executor/spec/destinations.ts';
import { Transformations } from '../executor/transforms/spec.ts';

/** `/v1/sync/connectors`: what a job can be made of, as JSON Schema, for forms and other clients. */
export function registerConnectorRoutes(app: App): void {
  const body = { connector: Connector, transformations: Transformations, destination: DestinationSpec };
  app.get(
    '/v1/sync/connectors',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'The JSON Schemas of connectors, transformations and destinations',
        tags: ['sync jobs'],
        response: {
          200: Type.Object(
            { connector: Type.Unknown(), transformations: Type.Unknown(), destination: Type.Unknown() },
            { title: 'ConnectorSchemas' },
          ),
        },
      },
    },
    async () => body,
  );
}
