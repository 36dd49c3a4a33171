/**
 * The command line: {@link org.espalier.cli.Main} and one class a command ({@code train}, {@code
 * eval}, {@code prune}, {@code sensitivity}, {@code compare-criteria}, {@code predict}, {@code
 * cost}, {@code info}). Commands read options, call the libraries and print; what several of them
 * share (data sources, tables, latency, the report) has a class of its own here.
 */
package org.espalier.cli;
