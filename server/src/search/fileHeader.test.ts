import assert from 'node:assert/strict';
import { headerRows, isHeaderOnly } from './fileHeader.js';
import { parseQuery } from './query.js';

const rows = (text: string, query?: string): number =>
  headerRows(text.split('\n'), query === undefined ? undefined : parseQuery(query));

describe('the header of a file', () => {
  const headers: Record<string, string> = {
    typescript:
      "'use strict';\n/* eslint-disable */\nimport {\n  open,\n  shut,\n} from './door';\nimport x from 'x';\n",
    javascript: "// SPDX-License-Identifier: MIT\nconst fs = require('fs');\n",
    python: '#!/usr/bin/env python\n# Copyright 2020 Ann\n\nimport os\nfrom door import (\n    open,\n)\n',
    go: '// Copyright 2014 Ann. All rights reserved.\n// See the LICENSE file.\n\npackage door\n\nimport (\n\t"fmt"\n)\n',
    java: '/*\n * Licensed to the ASF.\n */\npackage org.door;\n\nimport java.util.List;\n',
    csharp:
      '#region License\n// Copyright (c) 2007\n//\n// Permission\n#endregion\n\nusing System;\n\nnamespace Door\n{\n',
    c: '/* Copyright Joyent */\n#ifndef DOOR_H_\n#define DOOR_H_\n#include <stdio.h>\n',
    php: '<?php declare(strict_types=1);\n\n/*\n * (c) 2011 Ann, see the license\n */\n\nnamespace Door;\n\nuse Door\\Hinge;\n',
    ruby: "# frozen_string_literal: true\n\nrequire_relative 'hinge'\n",
    rust: 'use std::{\n    fs,\n    io,\n};\n',
    haskell: '{-# LANGUAGE CPP #-}\n\n',
  };
  for (const [language, header] of Object.entries(headers)) {
    it(`ends in ${language} where something is said or done`, () => {
      const length = header.split('\n').length - 1;
      assert.equal(rows(`${header}the door opens`), length);
      assert.equal(rows(`${header}/** What a door is for. */\nthe door`), length);
    });
  }

  it('is not what describes the file', () => {
    for (const text of [
      '"""Doors that open."""\nimport os\n\nclass Door: pass',
      '//! Doors that open.\n\nuse std::fs;\n\nfn open() {}',
      '-- | Doors that open.\nmodule Door where\n\nopen = 1',
      '# Opens doors.\nset -e\nopen',
      'pub use door::Door;\npub mod hinge;\n',
      '',
    ])
      assert.equal(rows(text), 0, text);
  });

  it('is nothing where it is all there is, or where the query asks for it', () => {
    const text = "// Copyright 2020 Ann\nimport winston from 'winston';\nimport fs from 'fs';\n";
    assert.equal(rows(text), 0);
    const more = `${text}\nexport function log() {}\n`;
    assert.equal(rows(more, 'log to a file'), 4);
    assert.equal(rows(more, 'where winston is used'), 0);
    for (const query of ['copyright of the log', 'license', 'licence', 'licenses of the log'])
      assert.equal(rows(more, query), 0, query);
  });

  it('takes no longer for an import that never ends, or a comment', () => {
    assert.equal(rows(`import {\n${'a,\n'.repeat(5000)}b = 1`), 1);
    assert.equal(rows(`import {\n${'a,\n'.repeat(5000)}`), 0, 'it is all there is');
    assert.equal(rows(`/* licence\n${'a\n'.repeat(5000)}`), 0);
  });

  it('may be all of a chunk', () => {
    const imports = "import {\n  open,\n} from './door';\n";
    assert.ok(isHeaderOnly(imports));
    assert.ok(isHeaderOnly('import {\n  open,\n  shut,\n'), 'up to within an import');
    assert.ok(
      isHeaderOnly(`  shut,\n  type Hinge,\n  Lock as Bolt,\n} from './door';\n${imports}`),
      'from within an import',
    );
    assert.ok(isHeaderOnly('    Door,\n    Hinge,\n)\n'), 'in Python');
    assert.ok(!isHeaderOnly(`${imports}open();\n`));
    assert.ok(!isHeaderOnly('  RED,\n  GREEN,\n}\n'), 'of an enumeration');
    assert.ok(!isHeaderOnly('  shut,\n  lock,\n'));
  });
});
