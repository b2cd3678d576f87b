/*
 * label.h - names for a picture, found in a journal's header text, NOTE records and file name.
 * The header opens with "# key: value" lines, then holds the scenario in its own syntax; whatever
 * is missing stays empty and is simply not drawn.
 */
#ifndef VIZ_LABEL_H
#define VIZ_LABEL_H

#include "viz/model.h"

/* "runs/flash_crowd.fsj" -> "flash_crowd"; "http://host:7420/" -> "host:7420". */
void viz_label_from_path(const char *path, char *out, size_t size);
void viz_label_from_text(const char *text, struct viz_model *model);
void viz_label_from_note(const void *body, size_t len, struct viz_model *model);
/* The value of `key` in text, unquoted, cut to size; false if there is none. */
bool viz_label_value(const char *text, const char *key, char *out, size_t size);
/* "node-03" -> "n03"; a name without a number gets its index. */
void viz_label_node(const struct viz_model *model, uint32_t node, char *out, size_t size);

#endif
