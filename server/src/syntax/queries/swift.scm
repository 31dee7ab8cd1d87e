(comment) @comment
(multiline_comment) @comment

(class_declaration "class" name: (_) @name) @definition.class
(class_declaration "actor" name: (_) @name) @definition.class
(class_declaration "struct" name: (_) @name) @definition.struct
(class_declaration "enum" name: (_) @name) @definition.enum
(class_declaration "extension" name: (_) @name) @scope
(protocol_declaration name: (_) @name) @definition.interface
(typealias_declaration name: (type_identifier) @name) @definition.type
; By the kind of the name alone: asking for its field takes the query half a second to compile.
(function_declaration (simple_identifier) @name) @definition.function
(function_declaration "init" @name) @definition.function
(protocol_function_declaration name: (simple_identifier) @name) @definition.function
(subscript_declaration "subscript" @name) @definition.function
(source_file (property_declaration name: (pattern (simple_identifier) @name)) @definition.constant)
(class_body (property_declaration name: (pattern (simple_identifier) @name)) @definition.property)
(enum_class_body (property_declaration name: (pattern (simple_identifier) @name)) @definition.property)
(protocol_property_declaration name: (pattern (simple_identifier) @name)) @definition.property
