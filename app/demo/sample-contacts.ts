/** First name, last name, company, title, mail domain; made up, in several scripts. */
const companies = `
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
`;

const officeNames = ["Office", "Reception", "Accounts", "Workshop"] as const;

/** Of the person of each company, in turn. */
const tags = [["customer"], ["supplier"], ["customer", "vip"], [], ["press"], ["supplier", "on hold"], []] as const;

/** The contacts of a new demo: for each company a person and an office. */
export const sampleContacts = companies
  .trim()
  .split("\n")
  .map((line, i) => {
    const [firstName = "", lastName = "", company = "", title = "", mailDomain = ""] = line.split("|");
    const host = `${mailDomain}.example`;
    const phone = (extension: number) => `+44 1632 96${String(i * 2 + extension).padStart(4, "0")}`;
    return [
      {
        firstName,
        lastName,
        company,
        title,
        email: `p${i + 1}@${host}`,
        phone: phone(0),
        notes: "",
        tags: tags[i % tags.length] ?? [],
      },
      {
        firstName: officeNames[i % officeNames.length] ?? "Office",
        lastName: company,
        company,
        title: "",
        email: `hello@${host}`,
        phone: phone(1),
        notes: `Ask for ${firstName} ${lastName}.`,
        tags: [],
      },
    ] as const;
  });
