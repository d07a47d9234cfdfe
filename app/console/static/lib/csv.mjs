// Tables as text: CSV as spreadsheets read it (RFC 4180), with nothing that they would run.

// With the full-width forms, which East Asian editions read as the plain ones. Where a comma is the
// sign of decimals, spreadsheets cut lines at semicolons or tabs instead.
const harmless = (text) => {
  const cut = text.replace(/([;\t\r\n])(?="*[=+@\uff1d\uff0b\uff0d\uff20-])/g, "$1'");
  return /^[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]/.test(cut) ? `'${cut}` : cut;
};

/** A cell: quoted where it must be; a text that would be taken for a formula gets an apostrophe. */
export function cell(value) {
  const text = typeof value === "string" ? harmless(value) : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lines of cells. */
export const lines = (rows) => rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");

/** A file of rows; `columns` are [title, read(row)]. */
export function csv(columns, rows) {
  return lines([columns.map(([title]) => title), ...rows.map((row) => columns.map(([, read]) => read(row)))]);
}
