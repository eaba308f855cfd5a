import createClient, { type Client } from "openapi-fetch";

import type { components, paths } from "./schema.js";

export type Plumbline = Client<paths>;
export type Problem = components["schemas"]["Problem"];
export type TokenPair = components["schemas"]["TokenPair"];

/** Headers of the two operations that take a form, as OAuth requires. */
export const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

/**
 * Create a client of the service at `baseUrl`. The OpenAPI document defines the types of its paths,
 * bodies and errors. `accessToken` is called before each request, so that the token can change.
 */
export function createPlumbline(baseUrl: string, accessToken?: () => string): Plumbline {
  const client = createClient<paths>({ baseUrl });
  if (accessToken) {
    client.use({
      onRequest({ request }) {
        request.headers.set("Authorization", `Bearer ${accessToken()}`);
      },
    });
  }
  return client;
}
