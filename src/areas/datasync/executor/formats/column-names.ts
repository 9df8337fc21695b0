/**
 * Makes usable names of a header's: blanks around them go, an empty one becomes `column_<n>`, one that is there already
 * gets a number.
 */
export function uniqueNames(header: readonly string[]): string[] {
  const taken = new Set<string>();
  // Those of the header itself come first: a made-up name must not push one of them aside.
  const own = new Set(header.map((name) => name.trim()));
  return header.map((given, index) => {
    const trimmed = given.trim().replaceAll('\0', '');
    // A row is an object, whose prototype this would be.
    const name = trimmed === '__proto__' ? '_proto_' : trimmed;
    const wanted = name === '' ? `column_${index + 1}` : name;
    let unique = wanted;
    for (let count = 2; taken.has(unique) || (unique !== name && own.has(unique)); count += 1) {
      unique = `${wanted}_${count}`;
    }
    taken.add(unique);
    return unique;
  });
}
