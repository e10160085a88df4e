// Numbers as the text report writes them, digit by digit, so that both show the same.
const Format = (() => {
  const NOT_KNOWN = "not known", NONE = "-", MINUS = "-";

  // A decimal text, or the shortest text of a number, as sign, digits and decimals.
  function parsed(text) {
    const [, sign, whole, part = "", power = "0"] = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
    let digits = BigInt((whole + part) || "0"), scale = part.length - Number(power);
    if (scale < 0) { digits *= 10n ** BigInt(-scale); scale = 0; }
    return { negative: sign === "-", digits, scale };
  }
  const written = value => typeof value === "number" ? (Object.is(value, -0) ? "-0" : String(value)) : value;
  // All digits that a binary number stands for.
  const binary = value => Number.isInteger(value) ? written(value) : (value < 0 ? "-" : "") + Math.abs(value).toFixed(100);

  function shifted({ negative, digits, scale }, places) {
    if (scale <= places) return { negative, digits: digits * 10n ** BigInt(places - scale), scale: places };
    const unit = 10n ** BigInt(scale - places), rest = digits % unit;
    let kept = digits / unit;
    if (rest * 2n > unit || (rest * 2n === unit && kept % 2n === 1n)) kept += 1n;
    return { negative, digits: kept, scale: places };
  }

  const grouped = whole => whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");

  function fixed(number, places) {
    const { negative, digits } = shifted(number, places);
    const text = digits.toString().padStart(places + 1, "0"), cut = text.length - places;
    return (negative ? MINUS : "") + grouped(text.slice(0, cut)) + (places ? "." + text.slice(cut) : "");
  }

  // At most so many significant digits, in powers of ten where the exponent asks for it.
  function significant(number, most, always) {
    let { negative, digits, scale } = number;
    const length = () => digits.toString().length;
    if (length() > most) {
      ({ digits, scale } = shifted({ negative, digits, scale }, scale - (length() - most)));
      if (length() > most) { digits /= 10n; scale -= 1; }
    }
    const adjusted = length() - 1 - scale, sign = negative ? MINUS : "";
    if (!always && scale >= 0 && adjusted >= -6) {
      const text = digits.toString().padStart(scale + 1, "0"), cut = text.length - scale;
      return sign + text.slice(0, cut) + (scale ? "." + text.slice(cut) : "");
    }
    const text = always ? digits.toString().padEnd(most, "0") : digits.toString();
    return `${sign}${text[0]}${text.length > 1 ? "." + text.slice(1) : ""}e${adjusted < 0 ? "-" : "+"}${Math.abs(adjusted)}`;
  }

  function usdt(value, absent = NOT_KNOWN) {
    if (value === null || value === undefined) return absent;
    const number = parsed(written(value)), size = Math.abs(Number(value));
    if (number.digits && size < 0.005) return size < 0.00001 ? significant(number, 2, false) : fixed(number, 5).replaceAll(",", "");
    if (size >= 1e11) return significant(number, 4, true);
    return number.digits ? fixed(number, 2) : "0.00";
  }

  function gain(value, absent) {
    return (Number(value) > 0 ? "+" : "") + usdt(value, absent);
  }

  function price(value) {
    if (value === null || value === undefined) return NOT_KNOWN;
    const size = Math.abs(Number(value)), shown = fixed(parsed(written(value)), size >= 1000 ? 2 : size >= 1 ? 4 : 8);
    return shown.includes(".") ? shown.replace(/0+$/, "").replace(/\.$/, "") : shown;
  }

  const share = value => fixed({ ...parsed(binary(value * 100)), negative: value < 0 || Object.is(value, -0) }, 2);
  const percent = (value, absent = NONE) => value === null || value === undefined ? absent : `${share(value)} %`;
  const signed = (value, absent = NONE) => value === null || value === undefined ? absent
    : `${value < 0 || Object.is(value, -0) ? "" : "+"}${share(value)} %`;
  const ratio = (value, absent = NONE) => value === null || value === undefined ? absent : fixed(parsed(binary(value)), 2);
  const count = (value, absent = NOT_KNOWN) => value === null || value === undefined ? absent : fixed(parsed(written(value)), 0);
  const moment = (stamp, absent = NOT_KNOWN) => stamp === null || stamp === undefined ? absent : `${stamp.slice(0, 10)} ${stamp.slice(11, 16)}`;
  const text = (value, absent = NOT_KNOWN) => value === null || value === undefined || value === "" ? absent
    : value === true ? "yes" : value === false ? "no" : String(value);

  // A number whose meaning the page does not know: counts as they are, others to four digits.
  const numeral = value => Number.isInteger(value) ? count(value) : significant(parsed(written(value)), 4, false);

  function lasting(seconds, absent = NONE) {
    if (seconds === null || seconds === undefined) return absent;
    if (seconds < 60) return `${significant(parsed(Number(seconds.toPrecision(3)).toString()), 3, false)} s`;
    if (seconds < 3600) return `${fixed(parsed(binary(seconds / 60)), 0)} min`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
    return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds % 86400 / 3600)} h`;
  }

  // A length of candles, which is always a whole part or a multiple of a minute, an hour or a day.
  function interval(seconds) {
    for (const [unit, name] of [[86400, "day"], [3600, "h"], [60, "min"]])
      if (seconds % unit === 0) return `${seconds / unit} ${name}${name === "day" && seconds > unit ? "s" : ""}`;
    return `${seconds} s`;
  }

  return { numeral, usdt, gain, price, percent, signed, ratio, count, moment, text, lasting, interval, NOT_KNOWN };
})();
