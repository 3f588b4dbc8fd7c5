#ifndef ANSWER_H
#define ANSWER_H

#define ANSWER_VERSION "1.2.3"

#ifdef __cplusplus
extern "C" {
#endif

int answer_number(void);
const char *answer_version(void);
/* The source file, for error messages. */
const char *answer_source(void);

#ifdef __cplusplus
}
#endif

#endif
