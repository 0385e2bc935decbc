import type { Contact } from "../meta.ts";

/** Who logs in to look at the seeded company; also a member of the empty one. */
export const OWNER = { name: "Priya Mehta", email: "priya@acme.example" };
export const COMPANY = "Acme Retail – متجر الأناقة";
/** A company in which nothing has happened. */
export const EMPTY_COMPANY = "Nordlicht Versand GmbH";
export const EMPTY_OWNER = { name: "Jonas Ackermann", email: "jonas@nordlicht.example" };

/** One of each role, who came by an invitation. */
export const COLLEAGUES = [
  { name: "أحمد بن عبد الله الزهراني", email: "ahmed@acme.example", role: "admin" },
  { name: "सुनीता शर्मा", email: "sunita@acme.example", role: "developer" },
  { name: "Lucas Oliveira", email: "lucas@acme.example", role: "viewer" },
  { name: "Wolfgang Amadeus von Hohenstein-Schwarzenfels", email: "wolfgang.von.hohenstein-schwarzenfels@operations.acme.example", role: "developer" },
] as const;

/** Asked, and not come yet. */
export const INVITED = [
  { email: "fatima@acme.example", role: "viewer" },
  { email: "chen.wei@acme.example", role: "admin" },
] as const;

/** Who writes to the company. */
export const CONTACTS: readonly Contact[] = [
  { name: "Priya Mehta", phone: "919876543210" },
  { name: "فاطمة الزهراء", phone: "966512345678" },
  { name: "राजेश कुमार", phone: "919812345670" },
  { name: "محمد عبد الرحمن السعيد", phone: "971501234567" },
  { name: "Ana Clara Souza", phone: "5511987654321" },
  { name: "अनन्या गुप्ता", phone: "919900112233" },
  { name: "Li Na 李娜", phone: "8613812345678" },
  { name: "O’Brien & Sons, Inc. <orders>", phone: "14155550132" },
  { name: "Zoë Müller-Lüdenscheidt", phone: "4915112345678" },
  { name: "خالد", phone: "201001234567" },
  { name: "🌸 Sakura Tanaka 🌸", phone: "819012345678" },
  { name: "Thi Thu Huong Nguyen Tran Le Pham Hoang", phone: "84912345678" },
];

/** The business numbers; the first is the fixtures' own. */
export const NUMBERS = ["208845331907714", "208845331907715", "208845331907716", "208845331907717"] as const;

export const TEXTS = [
  "Where is my order #4471? 🙏 ₹1,299",
  "مرحباً، أين طلبي رقم ٤٤٧١؟",
  "मेरा ऑर्डर कब तक आएगा?",
  "Hi! Can I change the delivery address?",
  "Quero trocar o tamanho, por favor",
  "STOP",
  "Thanks, it has arrived.",
  "Is the blue one in stock in size 42, and if so, could you keep it for me until Saturday afternoon? I can pay by card.",
] as const;

/** Event types of the company's own. */
export const OWN_TYPES = [
  {
    name: "order.created",
    description: "A customer has placed an order.",
    sample: { order_id: "A-1001", total: 49.9, currency: "INR" },
    schema: {
      type: "object",
      required: ["order_id", "total"],
      properties: { order_id: { type: "string" }, total: { type: "number", minimum: 0 }, currency: { type: "string" } },
    },
    validation: "warn",
  },
  { name: "order.shipped", description: "The parcel has left the warehouse.", sample: { order_id: "A-1001", carrier: "Blue Dart" } },
  { name: "loyalty.points_expired", description: "Points of a customer have run out.", sample: { points: 120 } },
] as const;
