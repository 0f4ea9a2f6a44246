import { sql } from "drizzle-orm";
import type { Db } from "../db/database.js";
import { contacts } from "../db/schema.js";
import { peopleStore } from "../directory/people.js";
import { type DemoUser, demoUsers } from "./users.js";

/** First name, last name, company, title, mail domain; invented, in several scripts. */
const invented = `
Ada|Whitlock|Northwind Looms|Buyer|northwindlooms
Bruno|Castellani|Pietra Viva|Stonemason|pietraviva
Chiamaka|Obi|Lagos Solar|Engineer|lagossolar
Dmitri|Волков|Балтика Лес|Директор|balticwood
Eszter|Szabó|Duna Könyv|Szerkesztő|dunakonyv
فاطمة|الزهراوي|دار النخيل|مديرة|palmhouse
Gareth|Pryce|Cambrian Slate|Surveyor|cambrianslate
花子|山本|青空印刷|編集者|aozora
Ingrid|Lindqvist|Fjällräven Bageri|Owner|fjallbageri
Joaquín|Núñez|Huerta Clara|Agronomist|huertaclara
Κατερίνα|Παπαδάκη|Αιγαίο Ναυτιλία|Διευθύντρια|aegeanlines
Liam|O’Donoghue|Shannon Ferries|Captain|shannonferries
明|李|东海茶业|经理|eastseatea
Nomvula|Dlamini|Drakensberg Wool|Founder|drakenswool
Øystein|Bråten|Fjordkraft Verksted|Mechanic|fjordverksted
Priya|राव|Kaveri Textiles|Designer|kaveritextiles
Quentin|Lefèvre|Atelier Lumière|Glassblower|atelierlumiere
Rūta|Kazlauskienė|Gintaro Namai|Accountant|gintaronamai
สมชาย|วงศ์สุวรรณ|ครัวไทย|เชฟ|kruathai
Tamar|გელაშვილი|Kura Winery|Vintner|kurawinery
Uri|כהן|Negev Drip|Hydrologist|negevdrip
Vilhelmína|Jónsdóttir|Reykjavík Geothermal Books|Bookseller|rvkbooks
Wanjiru|Mwangi|Rift Valley Tea|Taster|rifttea
Ximena|Quispe|Tejidos del Lago|Weaver|tejidoslago
지훈|김|한강소프트|개발자|hangangsoft
Yusuf|Yıldırım|Boğaz Halı|Restorer|bogazhali
Zofia|Wiśniewska|Bursztyn Optyka|Optician|bursztyn
Aroha|Ngata|Kauri Boats|Shipwright|kauriboats
Benedikt|Großmann|Harz Orgelbau|Organ builder|harzorgel
Camille|Tremblay|Érablière du Nord|Producer|erabliere
Dārta|Ozoliņa|Rīgas Maize|Baker|rigasmaize
Emeka|Nwosu|Enugu Robotics|Technician|enugurobotics
`
  .trim()
  .split("\n")
  .map((line) => line.split("|") as [string, string, string, string, string]);

const seconds = ["Office", "Reception", "Accounts", "Workshop"] as const;

/** Who has access to a contact besides its owner, by the number of its company and of the contact within that. */
function accessTo(company: number, contact: number, others: readonly DemoUser[]) {
  const [next] = others;
  if (company % 5 === 4 && contact === 0) return { visibility: "team" } as const;
  if (company % 5 === 3 && contact === 1) return { visibility: "private" } as const;
  if (company % 5 !== 1 || contact !== 1 || !next) return {};
  return { visibility: "private", sharedWith: [next.id], editors: company % 2 ? [next.id] : [] } as const;
}

/**
 * Puts invented contacts into an empty database: two for each of {@link invented}, owned in turn by the demo's users
 * that have a role. Most of them everyone sees; some are the team's, private, or shared with one other user.
 */
export async function seedContacts(db: Db): Promise<void> {
  const owners = demoUsers.filter(({ groups }) => groups.includes("user") || groups.includes("admin"));
  const rows = invented.flatMap(([firstName, lastName, company, title, domain], i) => {
    const host = `${domain}.example`;
    const phone = (extension: number) => `+44 1632 96${String(i * 2 + extension).padStart(4, "0")}`;
    return [
      { firstName, lastName, company, title, email: `p${i + 1}@${host}`, phone: phone(0), notes: "" },
      {
        firstName: seconds[i % seconds.length] ?? "Office",
        lastName: company,
        company,
        title: "",
        email: `hello@${host}`,
        phone: phone(1),
        notes: `Ask for ${firstName} ${lastName}.`,
      },
    ].map((contact, j) => {
      const turn = (i + j) % owners.length;
      const [owner, ...others] = [...owners.slice(turn), ...owners.slice(0, turn)];
      const { sharedWith = [], editors = [], ...access } = accessTo(i, j, others);
      return {
        ...contact,
        ...access,
        ownerId: owner?.id ?? "",
        department: owner?.department ?? "",
        sharedWith: [...sharedWith],
        editors: [...editors],
      };
    });
  });
  await db.transaction(async (tx) => {
    const [row] = await tx.select({ isEmpty: sql<boolean>`count(*) = 0` }).from(contacts);
    if (row?.isEmpty) await tx.insert(contacts).values(rows);
  });
}

/** Lets the demo's users be shared with and given to before they have logged in. */
export async function seedPeople(db: Db): Promise<void> {
  const people = peopleStore(db);
  for (const { id, login, givenName, familyName, department, groups } of demoUsers) {
    const roles = groups.filter((group) => group !== "Everyone");
    await people.remember({ id, email: login, name: `${givenName} ${familyName}`, department, roles }, "login");
  }
}
