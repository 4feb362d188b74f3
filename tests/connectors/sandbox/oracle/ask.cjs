// Reads queries (a JSON list) from standard input and says how the oracle parses each; null where it does not.
const { parseQuery } = require("@jetstreamapp/soql-parser-js");
let text = "";
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => {
  const told = JSON.parse(text).map((query) => {
    try {
      return parseQuery(query);
    } catch {
      return null;
    }
  });
  process.stdout.write(JSON.stringify(told));
});
