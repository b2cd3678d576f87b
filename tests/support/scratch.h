/* scratch.h - a folder for a test's files, gone when the test is over. */
#ifndef TEST_SCRATCH_H
#define TEST_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scratch {
    char folder[64];
    char path[256]; /* of the file last named */
};

static inline struct scratch scratch_begin(void)
{
    struct scratch scratch = {.folder = "scratch-XXXXXX"};
    if (access("build", W_OK) == 0) strcpy(scratch.folder, "build/scratch-XXXXXX");
    if (mkdtemp(scratch.folder) == NULL) abort();
    return scratch;
}

static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
    (void)snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->folder, name);
    return scratch->path;
}

static inline const char *scratch_put(struct scratch *scratch, const char *name, const void *bytes,
                                      size_t len)
{
    FILE *file = fopen(scratch_path(scratch, name), "wb");
    if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) abort();
    return scratch->path;
}

static inline const char *scratch_text(struct scratch *scratch, const char *name, const char *text)
{
    return scratch_put(scratch, name, text, strlen(text));
}

/* Files in the folder. */
static inline int scratch_count(const struct scratch *scratch)
{
    int count = 0;
    DIR *folder = opendir(scratch->folder);
    if (folder == NULL) abort();
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    (void)closedir(folder);
    return count;
}

static inline void scratch_end(struct scratch *scratch)
{
    DIR *folder = opendir(scratch->folder);
    if (folder == NULL) abort();
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.') {
            char path[512];
            (void)snprintf(path, sizeof path, "%s/%.255s", scratch->folder, entry->d_name);
            (void)unlink(path);
        }
    (void)closedir(folder);
    (void)rmdir(scratch->folder);
}

#endif
