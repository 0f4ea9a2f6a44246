import pg from "pg";

/** A client of a database, PostgreSQL's or the embedded one's. */
export interface Client {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** Works with a connection to PostgreSQL. The app's own ones give up after some seconds. */
export async function withClient(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Fills a table of contacts, of which one person may see 1%: a quarter of those is everyone's, a quarter their team's, a
 * quarter their own, and a quarter shared with them. They are spread evenly over the names.
 *
 * @param client - of a migrated database without contacts
 * @param size - how many contacts
 * @param me - id of the person, who works in Sales
 */
export async function grow(client: Client, size: number, me: string): Promise<void> {
  await client.query(
    `insert into contacts (first_name, last_name, email, company, owner_id, visibility, department, shared_with)
       select substr(md5(n || 'first'), 1, 8), substr(md5(n || 'last'), 1, 8), 'c' || n || '@example.com', 'Company ' || n % 1000,
         case when n % 400 = 2 then $2 else 'user-' || n % 997 end,
         case n % 400 when 0 then 'everyone' when 1 then 'team' else case when n % 2 = 0 then 'private' else 'team' end end,
         case when n % 400 = 1 then 'Sales' else 'Department ' || n % 50 end,
         case when n % 400 = 3 then array[$2] when n % 10 = 0 then array['user-' || n % 991] else '{}' end
       from generate_series(0, $1::int - 1) as n`,
    [size, me],
  );
  await client.query("vacuum analyze contacts");
}
