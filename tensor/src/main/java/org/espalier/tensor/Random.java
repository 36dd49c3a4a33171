package org.espalier.tensor;

/**
 * Draws random numbers by counter: number {@code i} of a stream is a pure function of (seed,
 * purpose, i).
 *
 * <p>So position is the whole state: a resumed run draws what the uninterrupted one would have
 * drawn, and threads may draw any index in any order. Streams are derived by name ({@code
 * random.stream("dropout")}) or number ({@code random.at(epoch, step)}), and never overlap in
 * practice. The mixing function is SplitMix64's finaliser (Steele, Lea, Flood, OOPSLA 2014) applied
 * twice. Immutable and thread-safe.
 */
public final class Random {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private final long key;

  private Random(long key) {
    this.key = key;
  }

  /** Returns the root stream of a seed. */
  public static Random of(long seed) {
    return new Random(mix(seed + GOLDEN_GAMMA));
  }

  /**
   * Returns the stream for a purpose: {@code init}, {@code dropout}, {@code shuffle}, {@code
   * augmentation}.
   */
  public Random stream(String purpose) {
    long hash = key;
    for (int i = 0; i < purpose.length(); i++) {
      hash = mix(hash + GOLDEN_GAMMA * (purpose.charAt(i) + 1L));
    }
    return new Random(mix(hash ^ 0x5851F42D4C957F2DL));
  }

  /** Returns the stream at a position such as (epoch, step). */
  public Random at(long... position) {
    long hash = key;
    for (long number : position) {
      hash = mix(hash + GOLDEN_GAMMA * (2 * number + 1));
    }
    return new Random(mix(hash ^ 0x14057B7EF767814FL));
  }

  /** Returns the key of this stream, enough to make it again with {@link #ofKey}. */
  public long key() {
    return key;
  }

  /** Returns the stream with a key that {@link #key()} gave. */
  public static Random ofKey(long key) {
    return new Random(key);
  }

  /** Returns 64 random bits, the {@code index}-th of this stream. */
  public long bits(long index) {
    return mix(mix(key + GOLDEN_GAMMA * index) + GOLDEN_GAMMA);
  }

  /** Returns a number uniform in [0, 1), the {@code index}-th of this stream. */
  public double uniform(long index) {
    return (bits(index) >>> 11) * 0x1p-53;
  }

  /**
   * Returns a standard normal number, the {@code index}-th of this stream (Box-Muller on two
   * draws).
   */
  public double normal(long index) {
    double u = ((bits(2 * index) >>> 11) + 1) * 0x1p-53;
    double v = uniform(2 * index + 1);
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }

  /** Returns an integer uniform in [0, bound), the {@code index}-th of this stream. */
  public int integer(long index, int bound) {
    if (bound <= 0) {
      throw new IllegalArgumentException("random: bound must be positive, got " + bound);
    }
    return (int) Math.multiplyHigh(bits(index) >>> 1, 2L * bound);
  }

  /** Returns a random order of {@code 0..count-1} (Fisher-Yates). */
  public int[] permutation(int count) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int j = integer(i, i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
