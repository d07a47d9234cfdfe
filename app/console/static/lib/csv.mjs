// Tables as text: CSV as spreadsheets read it (RFC 4180), with nothing that they would run.

/** A cell: quoted where it must be, and never taken for a formula. */
export function cell(value) {
  const text = String(value ?? "");
  const plain = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** A file of rows; `columns` are [title, read(row)]. */
export function csv(columns, rows) {
  const lines = [columns.map(([title]) => cell(title)), ...rows.map((row) => columns.map(([, read]) => cell(read(row))))];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}
