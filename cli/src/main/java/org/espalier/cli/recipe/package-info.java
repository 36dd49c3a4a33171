/**
 * The techniques that {@code ./espalier train} combines: each {@link
 * org.espalier.cli.recipe.Technique} reads its words, says what it cannot run with, takes part in
 * the training and shows at the end what it brought; {@link org.espalier.cli.recipe.Compatibility}
 * holds which pairs exclude each other, and why.
 */
package org.espalier.cli.recipe;
