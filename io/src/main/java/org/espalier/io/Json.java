package org.espalier.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.FormatException;

/**
 * Reads and writes JSON (RFC 8259) as plain values: {@code Map<String, Object>} in the order of the
 * text, {@code List<Object>}, {@code String}, {@code Long}, {@code Double}, {@code Boolean} and
 * null.
 *
 * <p>Reading is strict: names of an object differ, nesting ends at {@value #MOST_NESTING} levels, a
 * number fits a long or is a finite double, text is whole Unicode, nothing follows the value.
 */
public final class Json {
  /** How deep arrays and objects may nest. */
  public static final int MOST_NESTING = 100;

  private static final int LONGEST_TEXT = 100_000_000;
  private static final int LONGEST_NAME = 1_000_000;
  private static final int LONGEST_NUMBER = 1_000;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MOST_NESTING)
                  .maxStringLength(LONGEST_TEXT)
                  .maxNameLength(LONGEST_NAME)
                  .maxNumberLength(LONGEST_NUMBER)
                  .build())
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  private Json() {}

  /**
   * Reads one value.
   *
   * @param where names the source in messages
   * @param text the whole text
   */
  public static Object read(String where, String text) {
    return parse(where, text, parser -> value(parser, parser.nextToken()));
  }

  /**
   * Reads one object.
   *
   * @param where names the source in messages
   * @param text the whole text
   */
  public static Map<String, Object> readObject(String where, String text) {
    return parse(
        where,
        text,
        parser -> {
          if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw problem(parser, "got " + what(parser.currentToken()) + ", expected an object");
          }
          return object(parser);
        });
  }

  /** Returns UTF-8 bytes as text; bytes that are none are an error. */
  static String decode(String where, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException broken) {
      throw new FormatException(where + ": not valid UTF-8 text", broken);
    }
  }

  /** Reads from an open parser. */
  @FunctionalInterface
  interface Reading<T> {
    /** Reads one value, from its first to its last token. */
    T from(JsonParser parser) throws IOException;
  }

  /** Opens a parser, reads one value and requires the end of the text behind it. */
  static <T> T parse(String where, String text, Reading<T> reading) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      T result = reading.from(parser);
      if (parser.nextToken() != null) {
        throw problem(parser, "more text behind the value");
      }
      return result;
    } catch (JsonProcessingException broken) {
      // The library adds where a bracket opened, in words about its own settings.
      String message = broken.getOriginalMessage().replaceAll(" \\(start marker at .*", "");
      long place = broken.getLocation() == null ? 0 : broken.getLocation().getCharOffset();
      throw new FormatException(
          where + ": not valid JSON at character " + place + " (" + message + ")", broken);
    } catch (Problem found) {
      throw new FormatException(where + ": " + found.getMessage());
    } catch (IOException impossible) {
      throw new AssertionError("json: a text in memory cannot fail", impossible);
    }
  }

  /** Carries a message to {@link #parse}, which knows the name of the source. */
  private static final class Problem extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Problem(String message) {
      super(message, null, false, false);
    }
  }

  /** Returns the exception for a value in the wrong place; its message gains the source's name. */
  static RuntimeException problem(JsonParser parser, String message) {
    return new Problem(
        "character " + parser.currentTokenLocation().getCharOffset() + ": " + message);
  }

  /** Describes a token for messages. */
  static String what(JsonToken token) {
    if (token == null) {
      return "the end of the text";
    }
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "text";
      case VALUE_NUMBER_INT -> "an integer";
      case VALUE_NUMBER_FLOAT -> "a number with fraction or exponent";
      case VALUE_TRUE, VALUE_FALSE -> "a truth value";
      case VALUE_NULL -> "null";
      default -> token.toString();
    };
  }

  private static Object value(JsonParser parser, JsonToken token) throws IOException {
    if (token == null) {
      throw problem(parser, "no value");
    }
    return switch (token) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> text(parser, parser.getText());
      case VALUE_NUMBER_INT -> integer(parser);
      case VALUE_NUMBER_FLOAT -> floating(parser);
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw problem(parser, "unexpected " + token);
    };
  }

  private static Map<String, Object> object(JsonParser parser) throws IOException {
    Map<String, Object> object = new LinkedHashMap<>();
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      text(parser, name);
      if (object.containsKey(name)) {
        throw problem(parser, "the name '" + name + "' comes twice");
      }
      object.put(name, value(parser, parser.nextToken()));
    }
    return object;
  }

  private static List<Object> array(JsonParser parser) throws IOException {
    List<Object> array = new ArrayList<>();
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      array.add(value(parser, token));
    }
    return array;
  }

  /** Returns the text if it is whole Unicode; half of a surrogate pair could not be written. */
  static String text(JsonParser parser, String text) {
    if (!isWhole(text)) {
      throw problem(parser, "text with half of a surrogate pair");
    }
    return text;
  }

  private static boolean isWhole(String text) {
    return text.codePoints().noneMatch(c -> c >= 0xD800 && c <= 0xDFFF);
  }

  private static long integer(JsonParser parser) throws IOException {
    if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      throw problem(parser, "the integer " + parser.getText() + " does not fit 64 bits");
    }
    return parser.getLongValue();
  }

  private static double floating(JsonParser parser) throws IOException {
    double number = parser.getDoubleValue();
    if (!Double.isFinite(number)) {
      throw problem(parser, "the number " + parser.getText() + " does not fit a double");
    }
    return number;
  }

  /** Returns a value as compact text on one line. */
  public static String write(Object value) {
    return write(value, false);
  }

  /** Returns a value as text with line breaks and indentation. */
  public static String writeIndented(Object value) {
    return write(value, true);
  }

  private static String write(Object value, boolean indented) {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = FACTORY.createGenerator(text)) {
      if (indented) {
        generator.useDefaultPrettyPrinter();
      }
      write(generator, value, "$", 0);
    } catch (IOException impossible) {
      throw new AssertionError("json: a text in memory cannot fail", impossible);
    }
    return text.toString();
  }

  private static void write(JsonGenerator generator, Object value, String path, int depth)
      throws IOException {
    if (depth > MOST_NESTING) {
      throw new IllegalArgumentException(
          "json: " + path + " is nested deeper than " + MOST_NESTING + " levels");
    }
    if (value == null) {
      generator.writeNull();
    } else if (value instanceof Map<?, ?> map) {
      generator.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        String name = String.valueOf(entry.getKey());
        generator.writeFieldName(whole(name, path));
        write(generator, entry.getValue(), path + "." + name, depth + 1);
      }
      generator.writeEndObject();
    } else if (value instanceof Iterable<?> items) {
      generator.writeStartArray();
      for (Object item : items) {
        write(generator, item, path + "[]", depth + 1);
      }
      generator.writeEndArray();
    } else {
      writeLeaf(generator, value, path);
    }
  }

  private static String whole(String text, String path) {
    if (!isWhole(text)) {
      throw new IllegalArgumentException(
          "json: at " + path + ": text with half of a surrogate pair cannot be written");
    }
    return text;
  }

  private static void writeLeaf(JsonGenerator generator, Object value, String path)
      throws IOException {
    if (value instanceof String text) {
      generator.writeString(whole(text, path));
    } else if (value instanceof Boolean truth) {
      generator.writeBoolean(truth);
    } else if (value instanceof Double || value instanceof Float) {
      if (!Double.isFinite(((Number) value).doubleValue())) {
        throw new IllegalArgumentException(
            "json: " + path + " is " + value + ", which JSON cannot hold; write it as text");
      }
      // The shortest digits of a float, not those of the double it widens to.
      generator.writeNumber(value.toString());
    } else if (value instanceof Byte
        || value instanceof Short
        || value instanceof Integer
        || value instanceof Long) {
      generator.writeNumber(((Number) value).longValue());
    } else {
      throw new IllegalArgumentException(
          "json: " + path + " is a " + value.getClass().getName() + ", which has no form in JSON");
    }
  }
}
