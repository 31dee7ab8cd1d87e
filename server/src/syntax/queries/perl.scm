(comments) @comment
(pod_statement) @comment

(package_statement (package_name) @name) @definition.module
(function_definition name: (identifier) @name) @definition.function
(use_constant_statement constant: (identifier) @name) @definition.constant
