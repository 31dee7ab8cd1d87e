(comment) @comment

(class_name_statement (name) @name) @definition.class
(class_definition name: (name) @name) @definition.class
(enum_definition name: (name) @name) @definition.enum
(function_definition name: (name) @name) @definition.function
(signal_statement (name) @name) @definition.signal
(source (const_statement name: (name) @name) @definition.constant)
(source (variable_statement name: (name) @name) @definition.property)
