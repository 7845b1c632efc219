interface Page {
  readonly items?: readonly { readonly name: string }[];
  readonly nextPageToken?: string;
}

/** The names of all objects in a bucket of the server at `host:port`. */
export async function keysInBucket(address: string, bucket: string): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for (let token: string | undefined = ''; token !== undefined; ) {
    const query = new URLSearchParams({ fields: 'items(name),nextPageToken', pageToken: token });
    const response = await fetch(`http://${address}/storage/v1/b/${bucket}/o?${query}`);
    if (!response.ok) {
      throw new Error(`the bucket could not be listed: ${response.status}`);
    }
    const page = (await response.json()) as Page;
    for (const { name } of page.items ?? []) {
      keys.add(name);
    }
    token = page.nextPageToken || undefined;
  }
  return keys;
}
