package org.espalier.cli.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TechniquesTest {
  private static final Terms PLAIN = terms("sgd", 8, false, false);

  private static Terms terms(String optimizer, int epochs, boolean timed, boolean early) {
    return new Terms(OptimizerRecipe.parse(optimizer), epochs, timed, early, 0.1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "none | no pruning",
        "NONE | no pruning",
        "sfp:0.4 | sfp:0.4, zeros held in the last epoch",
        "rls:0.2,importance=weight-norm | rls:0.2, inputs pruned whenever the loss has recovered",
        "scl:0.01 | scl:0.01, connections learned",
        "SCL:lambda=1e-3 | scl:0.001, connections learned",
        "scl:0.01,ste=softplus,normalization=max-abs,warmup=0.5,target=0.95,freeze=2,initial=0.5,mask-rate=0.1,total,exclude=fc"
            + " | scl:0.01, connections learned towards 0.95 zeros, masks frozen in the last 2 epochs",
        "scl:0.01,ste=leaky-relu,slope=0.2 | scl:0.01, connections learned",
        "scl:0.01,ste=relu,demonstrate | scl:0.01, connections learned",
        "gmp:0.9 | gmp:0.9, smallest connections masked over 6 epochs",
        "gmp:0.9,ranking=local,begin=1,end=7.5,every=10,initial=0.1,exclude=conv1:fc"
            + " | gmp:0.9, smallest connections masked over 7.5 epochs",
        "gmp:2:4 | gmp:2:4, smallest connections masked over 6 epochs",
        "gmp:sparsity=0.5,block=4x1 | gmp:0.5, smallest connections masked over 6 epochs",
        "dns | dns:1.0, connections cut and spliced over 6 epochs",
        "dns:1.5,gamma=0.001,power=2,stop=4,biases | dns:1.5, connections cut and spliced over 4 epochs",
        "snip:0.95 | snip:0.95, connections masked before the first step",
      })
  void wordsAreReadAndDescribed(String words, String said) {
    Techniques techniques = Techniques.parse(words);
    techniques.check(PLAIN);
    assertEquals(said, techniques.describe(8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "scl",
        "scl:",
        "scl:-1",
        "scl:NaN",
        "scl:abc",
        "scl:0.01,ste=relu",
        "scl:0.01,ste=step",
        "scl:0.01,ste=leaky-relu,slope=0",
        "scl:0.01,target=1",
        "scl:0.01,warmup=-1",
        "scl:0.01,freeze=-1",
        "scl:0.01,lambda=0.02",
        "gmp",
        "gmp:1",
        "gmp:4:2",
        "gmp:0:4",
        "gmp:2:4,ranking=local",
        "gmp:2:4,block=4x1",
        "gmp:0.9,block=4",
        "gmp:0.9,block=0x4",
        "gmp:0.9,block=4x1,ranking=global",
        "gmp:0.9,ranking=greedy",
        "gmp:0.9,begin=5,end=4",
        "gmp:0.9,every=0",
        "gmp:0.9,initial=1",
        "dns:abc",
        "dns:1,gamma=-1",
        "dns:1,stop=-1",
        "snip",
        "snip:1",
      })
  void otherWordsAreRefused(String words) {
    assertThrows(IllegalArgumentException.class, () -> Techniques.parse(words));
  }

  private static void assertRefused(String said, Runnable body) {
    String message = assertThrows(IllegalArgumentException.class, body::run).getMessage();
    assertTrue(message.contains(said), message);
  }

  @Test
  void unknownWordsGetTheNearest() {
    assertRefused("did you mean 'snip'?", () -> Techniques.parse("snipe:0.9"));
    assertRefused("did you mean 'ranking'?", () -> Techniques.parse("gmp:0.9,rankin=local"));
    assertRefused("takes several runs", () -> Techniques.parse("lottery:0.9"));
  }

  @Test
  void twoPrunersAreRefusedWithTheReason() {
    assertRefused("both choose which weights", () -> Techniques.parse("sfp:0.4+gmp:0.9"));
    assertEquals(1, Techniques.parse("scl:1e+0").all().size(), "an exponent is no technique");
  }

  @Test
  void termsThatATechniqueCannotDoWithAreRefused() {
    assertRefused(
        "--minutes", () -> Techniques.parse("gmp:0.9").check(terms("sgd", 8, true, false)));
    assertRefused(
        "--patience", () -> Techniques.parse("gmp:0.9").check(terms("sgd", 8, false, true)));
    assertRefused(
        "--patience", () -> Techniques.parse("scl:0.01").check(terms("sgd", 8, false, true)));
    Techniques.parse("scl:0.01,freeze=1").check(terms("sgd", 8, true, true));
    assertRefused("freeze", () -> Techniques.parse("scl:0.01,freeze=8").check(PLAIN));
    assertRefused("end", () -> Techniques.parse("gmp:0.9,end=9").check(PLAIN));
    assertRefused("--minutes", () -> Techniques.parse("dns").check(terms("sgd", 8, true, false)));
    Techniques.parse("dns:1,stop=1").check(terms("sgd", 8, true, false));
    assertRefused("--patience", () -> Techniques.parse("dns").check(terms("sgd", 8, false, true)));
    Techniques.parse("snip:0.9").check(terms("sgd", 8, true, true));
    assertRefused(
        "its matrices", () -> Techniques.parse("snip:0.9").check(terms("rls", 8, false, false)));
    assertRefused("--optimizer rls keeps", () -> Techniques.parse("rls:0.2").check(PLAIN));
  }
}
