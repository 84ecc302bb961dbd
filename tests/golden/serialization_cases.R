# Golden cases of how a model may lie in a file. Sourced by make_golden.R at top level.

gbm_stored <- function(...) {
  d <<- mixed_rows(200, 201)[c("a", "b", "g", "signal")]
  names(d)[3] <<- "gr\u00f6\u00dfe"
  levels(d[[3]]) <<- c("low", "m\u00e9d", "high")
  set.seed(1)
  m <- fit_gbm(form("signal ~ a + b + gr\u00f6\u00dfe"), "gaussian", d, n.trees = 15, interaction.depth = 3)
  nd <- mixed_rows(30, 202)[c("a", "b", "g")]
  levels(nd$g) <- c("low", "m\u00e9d", "high")
  gbm_case(m, setNames(with_holes(nd, c("a", "g"), 7), names(d)[1:3]), call = "predict(m, nd, n.trees = 15)", questions = link_only, ...)
}
forest_stored <- function(...) {
  d <<- mixed_rows(150, 203)
  set.seed(1)
  m <- fit_forest(form("signal ~ a + b + f + t"), d, ntree = 6, nodesize = 10)
  forest_case(m, mixed_rows(30, 204)[c("a", "b", "f", "t")], call = "predict(m, nd)", questions = response_only, ...)
}

add("gbm_stored_version_2", gbm_stored(store = stored_as(version = 2)))
add("rf_stored_version_2", forest_stored(store = stored_as(version = 2)))
add("gbm_stored_ascii", gbm_stored(store = stored_as(ascii = TRUE, compress = "none"), notes = "decimal text loses bits: R answered with the model read back"))
add("rf_stored_ascii_gzip", forest_stored(store = stored_as(ascii = TRUE), notes = "decimal text loses bits: R answered with the model read back"))
add("gbm_stored_ascii_version_2", gbm_stored(store = stored_as(ascii = TRUE, version = 2, compress = "bzip2")))
add("gbm_stored_ascii_hex", gbm_stored(store = stored_as(ascii = NA, compress = "none"), notes = "hexadecimal text keeps all bits"))
add("gbm_stored_xz", gbm_stored(store = stored_as(compress = "xz")))
add("rf_stored_xz", forest_stored(store = stored_as(compress = "xz")))
add("gbm_stored_bzip2", gbm_stored(store = stored_as(compress = "bzip2")))
add("gbm_stored_plain", gbm_stored(store = stored_as(compress = "none")))
add("gbm_stored_native", gbm_stored(store = stored_as(xdr = FALSE, compress = "none"), notes = "little-endian 'B' stream of serialize(xdr = FALSE)"))
add("rf_stored_native", forest_stored(store = stored_as(xdr = FALSE, compress = "none", version = 2)))
add("gbm_stored_zstd", gbm_stored(store = stored_as(compress = "zstd"), notes = "as saveRDS(compress = 'zstd') of R 4.5 writes; compressed here by the zstd tool"))
add("gbm_stored_lzma", gbm_stored(store = stored_as(compress = "lzma"), notes = "old .lzma container"))
add("gbm_stored_rdata", gbm_stored(store = stored_as(format = "RData"), args = list("--object", "m"), notes = "save(other, m)"))
add("rf_stored_rdata_version_2", forest_stored(store = stored_as(format = "RData", version = 2), args = list("--object", "m")))
add("gbm_stored_latin1", {
  d <- mixed_rows(200, 207)[c("a", "g", "signal")]
  levels(d$g) <- iconv(c("low", "m\u00e9d", "h\u00f6ch"), "UTF-8", "latin1")
  stopifnot(Encoding(levels(d$g))[2:3] == "latin1")
  set.seed(1)
  m <- fit_gbm(form("signal ~ a + g"), "gaussian", d, n.trees = 15, interaction.depth = 3)
  nd <- mixed_rows(30, 208)[c("a", "g")]
  levels(nd$g) <- c("low", "m\u00e9d", "h\u00f6ch")
  gbm_case(m, nd, call = "predict(m, nd, n.trees = 15)", questions = link_only, notes = "levels are Latin-1 strings in the file, UTF-8 in the input")
})
add("gbm_stored_closure_environment", {
  fit_inside <- function() {
    d <- mixed_rows(80, 205)
    helper <- function(v) v + 1
    set.seed(1)
    suppressWarnings(gbm(signal ~ a + b, "gaussian", d, n.trees = 10, n.minobsinnode = 5, keep.data = TRUE))
  }
  m <- fit_inside()
  gbm_case(m, mixed_rows(20, 206)[c("a", "b")], call = "predict(m, nd, n.trees = 10)", questions = link_only,
           notes = "the formula's environment is a function frame: training rows, a closure and promises travel in the file")
})
